// The swap of images and gates, on a model whose answer hangs on its gate alone or on its image alone.
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "lib/eval/measure.h"
#include "tests/networks.h"
#include "tests/one_gate.h"

namespace aigis {
namespace {

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

}  // namespace
}  // namespace aigis
