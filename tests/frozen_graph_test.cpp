// Gates that keep the graph of the clean image.
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include "lib/eval/ablation.h"
#include "lib/eval/bf16_gradients.h"
#include "lib/eval/defense.h"
#include "tests/one_gate.h"

namespace aigis {
namespace {

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

/// Counts its passes along its own gates, and those of them in bfloat16.
class CountsOwnGraphs : public OneGate {
 public:
  CountsOwnGraphs() : OneGate(true) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    if (!pass.graph.defined()) {
      ++own;
      in_bf16 += at::autocast::is_autocast_enabled(at::kCPU);
    }
    Output output = OneGate::forward(images, pass);
    output.gates.probability = output.gates.open;
    return output;
  }
  int64_t own = 0, in_bf16 = 0;
};

// An attack that asks first would be billed for the whole data set.
TEST(FrozenGraph, IsFoundBeforeAnybodyAsks) {
  const Dataset data = bright();
  const auto model = std::make_shared<CountsOwnGraphs>();
  const auto frozen = std::make_shared<FrozenGraph>(model, data, at::kCPU);
  EXPECT_EQ(model->own, 1);
  const auto dimmed = defended(frozen, std::make_shared<Dims>());
  const Batch batch = take(data, 0, kImages);
  for (int times = 0; times < 2; ++times) {
    frozen->forward(batch.images, {{}, batch.ids});
    dimmed->forward(batch.images, {{}, batch.ids});
    EXPECT_EQ(model->own, 2) << "once behind a defense";
  }
}

// Whoever asks first may take a gradient.
TEST(FrozenGraph, IsFoundInFullPrecision) {
  const Dataset data = bright();
  const auto model = std::make_shared<CountsOwnGraphs>();
  const auto rounded = std::make_shared<Bf16Gradients>(std::make_shared<FrozenGraph>(model, data, at::kCPU));
  const auto dimmed = defended(rounded, std::make_shared<Dims>());
  const Batch batch = take(data, 0, kImages);
  const at::Tensor lit = (batch.images * 4).requires_grad_();
  EXPECT_EQ(dimmed->forward(lit, {{}, batch.ids}).gates.open.sum().item<double>(), 0) << "the dimmed images' gates";
  EXPECT_EQ(model->own, 2);
  EXPECT_EQ(model->in_bf16, 0);
}

}  // namespace
}  // namespace aigis
