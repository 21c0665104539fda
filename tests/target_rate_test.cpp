// Training drives every gate to its own target rate (Veit & Belongie 2018, equation 9), whatever the other gates do.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "lib/train/normalization.h"
#include "lib/train/trainer.h"
#include "tests/networks.h"

namespace aigis {
namespace {

constexpr int64_t kImages = 640;

Dataset part_of_set(Part part) { return load_dataset(Spec::parse("synthetic:train=4000"), part); }

class TargetRates : public ::testing::TestWithParam<std::vector<double>> {
 protected:
  /// On images that training does not learn from.
  std::vector<double> rates() {
    network_->set_training(false);
    return evaluate_held_out(*network_, held_out_, 5, at::kCPU).rates;
  }
  /// Gates begin half open, and their loss weighs more than what an open layer is worth to the answers.
  std::unique_ptr<Network> network_ = build(fmt::format(
      "aig-8:target_rates={},open_probability=0.5,gate_norm=true,rate_weight=20", fmt::join(GetParam(), ":")));
  Dataset train_ = part_of_set(Part::train).first(kImages), held_out_ = part_of_set(Part::held_out);
};

TEST_P(TargetRates, AreReachedOnHeldOutImages) {
  set_normalization(*network_, train_);
  const std::vector<double> before = rates();
  ASSERT_EQ(before.size(), GetParam().size());
  TrainOptions options;
  options.epochs = 6;
  options.batch = 64;
  options.learning_rate = 0.03;
  options.augment = false;
  options.precision = Precision::float32;
  Trainer trainer(*network_, train_, held_out_, options, at::kCPU);
  ASSERT_TRUE(trainer.run({}, [] {}));
  const std::vector<double> after = rates();
  for (size_t layer = 0; layer < after.size(); ++layer) {
    EXPECT_NEAR(before[layer], 0.5, 0.12) << "layer " << layer;  // far from either target
    EXPECT_NEAR(after[layer], GetParam()[layer], 0.07) << "layer " << layer;
  }
}

INSTANTIATE_TEST_SUITE_P(LowAndHigh, TargetRates,
                         ::testing::Values(std::vector{0.3, 0.8, 0.3}, std::vector{0.8, 0.3, 0.8}));

}  // namespace
}  // namespace aigis
