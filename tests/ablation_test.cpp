// What is taken away from a model, and the swap of images and gates, on a model whose answer hangs on its gate alone or
// on its image alone.
#include "lib/eval/ablation.h"

#include <ATen/autocast_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "lib/eval/bf16_gradients.h"
#include "lib/eval/defense.h"
#include "lib/eval/measure.h"
#include "lib/ops/gumbel.h"
#include "tests/networks.h"

namespace aigis {
namespace {

constexpr int64_t kImages = 6;

/// What an image's brightness must exceed for a gate that draws to open, between 0 and 1.
double drawn_threshold(const Stream& noise, int64_t id) {
  return draw_word(noise.key(), static_cast<uint64_t>(id), 0) / 0x1p32;
}

/// Two classes. The gate opens for images brighter than one half, or of several `draws` than a threshold that it draws.
/// The answer is 1 where `by_gate` the gate is open, else where the image is bright.
class OneGate : public Model {
 public:
  explicit OneGate(bool by_gate, int64_t draws = 1) : by_gate_(by_gate) {
    card_.architecture = "one-gate";
    card_.options = Json::object();
    card_.classes = 2;
    card_.input = {1, 2, 2};
    card_.gated = {{"gate", 10, 1}};
    card_.gate_mode = draws > 1 ? "sampled" : "argmax";
    card_.has_random_gates = draws > 1;
    card_.draws = draws;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    const at::Tensor score = images.flatten(1).mean(1, true) - 0.5;
    at::Tensor threshold = at::full_like(score, 0.5);
    for (int64_t i = 0; card_.has_random_gates && i < images.size(0); ++i) {
      threshold[i].fill_(drawn_threshold(pass.noise, pass.image_ids[i].item<int64_t>()));
    }
    Output output;
    output.gates.open = pass.graph.defined() ? pass.graph.expand({images.size(0), 1}).to(images.scalar_type())
                                             : (score + 0.5).gt(threshold).to(images.scalar_type());
    output.gates.logits = score;
    const at::Tensor answer = by_gate_ ? output.gates.open - 0.5 : score;
    output.logits = at::cat({-answer, answer}, 1);
    return output;
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return false; }

 private:
  bool by_gate_;
  ModelCard card_;
};

Dataset bright() {
  Dataset data;
  data.name = "bright";
  data.classes = {"dark", "bright"};
  data.ids = at::arange(kImages, at::TensorOptions(at::kLong)) + 10;
  data.images = at::full({kImages, 1, 2, 2}, 200, at::TensorOptions(at::kByte));
  data.labels = at::ones({kImages}, at::TensorOptions(at::kLong));
  return data;
}

CellTally swapped(bool by_gate, int64_t draws = 1) {
  OneGate model(by_gate, draws);
  const Batch batch = take(bright(), 0, kImages);
  const CleanPass clean = measure_clean(model, batch, 0);
  at::Tensor darkened = batch.images.clone();
  darkened.slice(0, 0, 4).sub_(0.5);
  return measure_cell(model, batch, clean, darkened, {}, Norm::linf, 0.5, 0, {.swap = true}).tally;
}

TEST(Swap, TellsTheGraphsDamageFromTheFeatures) {
  const std::vector<int64_t> stands(kImages, 1), falls{0, 0, 0, 0, 1, 1};
  const CellTally graph = swapped(true), features = swapped(false);
  EXPECT_EQ(graph.hits, falls);
  EXPECT_EQ(graph.clean_on_adversarial, falls);
  EXPECT_EQ(graph.adversarial_on_clean, stands);
  EXPECT_EQ(features.hits, falls);
  EXPECT_EQ(features.clean_on_adversarial, stands);
  EXPECT_EQ(features.adversarial_on_clean, falls);
}

// Gates that draw are swapped draw by draw, of the same noise: the darker image's are open where the brighter one's are
// and its own brightness suffices.
TEST(Swap, OfSampledGatesIsMadeUnderTheSameNoise) {
  constexpr int64_t kDraws = 20;
  std::vector<int64_t> before(kImages, 0), after(kImages, 0), falls(kImages, kDraws);
  const double bright_value = 200.0 / 255;
  int64_t flips = 0;
  for (size_t i = 0; i < kImages; ++i) {
    const double value = i < 4 ? bright_value - 0.5 : bright_value;
    if (i < 4) falls[i] = 0;
    for (uint32_t draw = 0; draw < kDraws; ++draw) {
      const double threshold = drawn_threshold({0, Purpose::verdict_gates, 0, draw, 0}, static_cast<int64_t>(i) + 10);
      before[i] += bright_value > threshold;
      after[i] += value > threshold;
      flips += (bright_value > threshold) != (value > threshold);
    }
  }
  const CellTally graph = swapped(true, kDraws), features = swapped(false, kDraws);
  EXPECT_EQ(graph.hits, after);
  EXPECT_EQ(graph.clean_on_adversarial, after);
  EXPECT_EQ(graph.adversarial_on_clean, before);
  EXPECT_NEAR(graph.flipped.value(), static_cast<double>(flips) / (kImages * kDraws), 1e-12);
  EXPECT_EQ(features.hits, falls);
  EXPECT_EQ(features.clean_on_adversarial, std::vector<int64_t>(kImages, kDraws));
  EXPECT_EQ(features.adversarial_on_clean, falls);
}

// Gates that are all open and weighed by their rates: nothing moves, and no graph would replay the weights.
TEST(Swap, OfScaledGatesChangesNothing) {
  const auto scaled = build_frozen("aig-8:gates=scaled", {0.3, 0.6, 0.9});
  Batch batch{random_images(12), at::zeros({12}, at::TensorOptions(at::kLong)), ids_of(12)};
  batch.labels = scaled->forward(batch.images, pass_of(12)).logits.argmax(1);
  const CleanPass clean = measure_clean(*scaled, batch, 0);
  const at::Tensor other = (batch.images + 0.3 * random_images(12, 5)).clamp(0, 1);
  const CellTally tally = measure_cell(*scaled, batch, clean, other, {}, Norm::linf, 0.3, 0, {.swap = true}).tally;
  EXPECT_EQ(tally.clean_on_adversarial, std::vector<int64_t>(12, 1));
  EXPECT_EQ(tally.adversarial_on_clean, tally.hits);
}

TEST(Swap, IsNotMadeUnlessAskedFor) {
  OneGate model(true);
  const Batch batch = take(bright(), 0, kImages);
  const CellTally tally =
      measure_cell(model, batch, measure_clean(model, batch, 0), batch.images, {}, Norm::linf, 0.5, 0, {}).tally;
  EXPECT_TRUE(tally.adversarial_on_clean.empty());
}

TEST(FrozenGraph, KeepsTheCleanImagesGraph) {
  const Dataset data = bright();
  FrozenGraph frozen(std::make_shared<OneGate>(true), data, at::kCPU);
  const Batch batch = take(data, 2, 3);
  const Output dark = frozen.forward(batch.images * 0, {{}, batch.ids});
  EXPECT_EQ(dark.gates.open.sum().item<double>(), 3) << "the gates of the bright images";
  EXPECT_EQ(dark.logits.argmax(1).sum().item<int64_t>(), 3);
  const Output stranger = frozen.forward(batch.images * 0, {{}, batch.ids + 100});
  EXPECT_EQ(stranger.gates.open.sum().item<double>(), 0) << "an image of other data has its own graph";
  const Output mixed =
      frozen.forward(batch.images * 0, {{}, at::cat({batch.ids.slice(0, 0, 1), batch.ids.slice(0, 1) + 100})});
  EXPECT_EQ(mixed.gates.open.sum().item<double>(), 1) << "and does not change that of the images beside it";
  EXPECT_EQ(frozen.card().gate_mode, "frozen");
  EXPECT_TRUE(frozen.card().has_blind_gates);
}

/// Takes three quarters of the light, so that bright images are dark.
class Dims : public Defense {
 public:
  std::string name() const override { return "dims"; }
  Json options() const override { return Json::object(); }
  std::string gradient_mode() const override { return "exact"; }
  at::Tensor apply(const at::Tensor& images, const Pass&) const override { return images / 4; }
};

// The model behind a defense never sees the clean image, but what the defense makes of it.
TEST(FrozenGraph, IsThatOfTheModelBehindTheDefense) {
  const Dataset data = bright();
  const auto frozen = std::make_shared<FrozenGraph>(std::make_shared<OneGate>(true), data, at::kCPU);
  const auto dimmed = defended(frozen, std::make_shared<Dims>());
  const Batch batch = take(data, 2, 3);
  const auto open = [&](Model& model, double light, int64_t first_id = 0) {
    return model.forward(batch.images * light, {{}, batch.ids + first_id}).gates.open.sum().item<double>();
  };
  EXPECT_EQ(open(*frozen, 0), 3);
  EXPECT_EQ(open(*dimmed, 1), 0) << "the gates of the dimmed images";
  EXPECT_EQ(open(*dimmed, 4), 0) << "whatever an attack makes of them";
  EXPECT_EQ(open(*dimmed, 4, 100), 3) << "an image of other data has its own graph";
  EXPECT_EQ(open(*frozen, 0), 3) << "and what sees the bare model sees its gates";
}

/// Remembers whether any pass along its own gates ran in bfloat16.
class NoticesBf16 : public OneGate {
 public:
  NoticesBf16() : OneGate(true) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    was_in_bf16 |= !pass.graph.defined() && at::autocast::is_autocast_enabled(at::kCPU);
    Output output = OneGate::forward(images, pass);
    output.gates.probability = output.gates.open;
    return output;
  }
  bool was_in_bf16 = false;
};

// A resumed sweep may begin with a gradient.
TEST(FrozenGraph, IsFoundInFullPrecision) {
  const Dataset data = bright();
  const auto model = std::make_shared<NoticesBf16>();
  Bf16Gradients rounded(std::make_shared<FrozenGraph>(model, data, at::kCPU));
  const Batch batch = take(data, 0, kImages);
  const at::Tensor dark = (batch.images * 0).requires_grad_();
  EXPECT_EQ(rounded.forward(dark, {{}, batch.ids}).gates.open.sum().item<double>(), kImages);
  EXPECT_FALSE(model->was_in_bf16);
}

TEST(AllOpen, RunsEveryLayer) {
  AllOpen open(std::make_shared<OneGate>(true));
  EXPECT_TRUE(open.card().has_blind_gates);
  const Batch batch = take(bright(), 0, kImages);
  EXPECT_EQ(open.forward(batch.images * 0, {{}, batch.ids}).gates.open.sum().item<double>(), kImages);
}

TEST(FixedNoise, IsTheSameInAllPasses) {
  const auto sampled = std::shared_ptr<Network>(build_frozen("aig-8:gates=sampled"));
  FixedNoise fixed(sampled, 0), other(sampled, 1);
  const at::Tensor images = random_images(8);
  const auto open = [&](Model& model, uint64_t seed) { return model.forward(images, pass_of(8, seed)).gates.open; };
  EXPECT_TRUE(open(fixed, 1).equal(open(fixed, 2)));
  EXPECT_FALSE(open(*sampled, 1).equal(open(*sampled, 2)));
  EXPECT_FALSE(open(fixed, 1).equal(open(other, 1))) << "but for another seed";
  EXPECT_FALSE(fixed.card().has_random_gates);
  Pass drawn = pass_of(8, 2);
  drawn.drawn = gate_noise(drawn.noise, drawn.image_ids, 3);
  EXPECT_TRUE(fixed.forward(images, drawn).gates.open.equal(open(fixed, 1))) << "noise that was drawn is fresh, too";
  const at::Tensor alone = fixed.forward(images.slice(0, 3, 4), {{}, ids_of(8).slice(0, 3, 4)}).gates.open;
  EXPECT_TRUE(alone.equal(open(fixed, 1).slice(0, 3, 4))) << "an image's noise does not hang on its batch";
}

}  // namespace
}  // namespace aigis
