// What is taken away from a model, and the swap of images and gates, on a model whose answer hangs on its gate alone or
// on its image alone.
#include "lib/eval/ablation.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "lib/eval/measure.h"
#include "tests/networks.h"

namespace aigis {
namespace {

constexpr int64_t kImages = 6;

/// Two classes. The gate opens for images brighter than one half. The answer is 1 where `by_gate` the gate is open,
/// else where the image is bright.
class OneGate : public Model {
 public:
  explicit OneGate(bool by_gate) : by_gate_(by_gate) {
    card_.architecture = "one-gate";
    card_.options = Json::object();
    card_.classes = 2;
    card_.input = {1, 2, 2};
    card_.gated = {{"gate", 10, 1}};
    card_.gate_mode = "argmax";
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    const at::Tensor score = images.flatten(1).mean(1, true) - 0.5;
    Output output;
    output.gates.open = pass.graph.defined() ? pass.graph.expand({images.size(0), 1}).to(images.scalar_type())
                                             : score.gt(0).to(images.scalar_type());
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

CellTally swapped(bool by_gate) {
  OneGate model(by_gate);
  const Batch batch = take(bright(), 0, kImages);
  const CleanPass clean = measure_clean(model, batch, 0);
  at::Tensor darkened = batch.images.clone();
  darkened.slice(0, 0, 4).sub_(0.5);
  return measure_cell(model, batch, clean, darkened, {}, Norm::linf, 0.5, 0, true).tally;
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

// Gates that are all open and weighed by their rates: nothing moves, and no graph would replay the weights.
TEST(Swap, OfScaledGatesChangesNothing) {
  const auto scaled = build_frozen("aig-8:gates=scaled", {0.3, 0.6, 0.9});
  Batch batch{random_images(12), at::zeros({12}, at::TensorOptions(at::kLong)), ids_of(12)};
  batch.labels = scaled->forward(batch.images, pass_of(12)).logits.argmax(1);
  const CleanPass clean = measure_clean(*scaled, batch, 0);
  const at::Tensor other = (batch.images + 0.3 * random_images(12, 5)).clamp(0, 1);
  const CellTally tally = measure_cell(*scaled, batch, clean, other, {}, Norm::linf, 0.3, 0, true).tally;
  EXPECT_EQ(tally.clean_on_adversarial, std::vector<int64_t>(12, 1));
  EXPECT_EQ(tally.adversarial_on_clean, tally.hits);
}

TEST(Swap, IsNotMadeUnlessAskedFor) {
  OneGate model(true);
  const Batch batch = take(bright(), 0, kImages);
  const CellTally tally =
      measure_cell(model, batch, measure_clean(model, batch, 0), batch.images, {}, Norm::linf, 0.5, 0, false).tally;
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

TEST(AllOpen, RunsEveryLayer) {
  AllOpen open(std::make_shared<OneGate>(true));
  EXPECT_TRUE(open.card().has_blind_gates);
  const Batch batch = take(bright(), 0, kImages);
  EXPECT_EQ(open.forward(batch.images * 0, {{}, batch.ids}).gates.open.sum().item<double>(), kImages);
}

TEST(FixedNoise, IsTheSameInAllPasses) {
  const auto sampled = std::shared_ptr<Network>(build_frozen("aig-8:gates=sampled"));
  FixedNoise fixed(sampled);
  const at::Tensor images = random_images(8);
  const auto open = [&](Model& model, uint64_t seed) { return model.forward(images, pass_of(8, seed)).gates.open; };
  EXPECT_TRUE(open(fixed, 1).equal(open(fixed, 2)));
  EXPECT_FALSE(open(*sampled, 1).equal(open(*sampled, 2)));
  EXPECT_FALSE(fixed.card().has_random_gates);
  const at::Tensor alone = fixed.forward(images.slice(0, 3, 4), {{}, ids_of(8).slice(0, 3, 4)}).gates.open;
  EXPECT_TRUE(alone.equal(open(fixed, 1).slice(0, 3, 4))) << "an image's noise does not hang on its batch";
}

}  // namespace
}  // namespace aigis
