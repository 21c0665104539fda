// The optimiser and the average of weights against Python's torch.optim, schedules and mixup against their definitions.
#include <ATen/ops/allclose.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <numbers>

#include "lib/ops/safetensors.h"
#include "lib/train/average.h"
#include "lib/train/mixup.h"
#include "lib/train/options.h"
#include "lib/train/sgd.h"
#include "tests/plain_network.h"
#include "tests/scratch.h"

namespace aigis {
namespace {

/// Three tensors and a statistic, without layers.
class Tensors : public PlainNetwork {
 public:
  Tensors(NamedTensors weights, NamedTensors statistics)
      : weights_(std::move(weights)), statistics_(std::move(statistics)) {}
  NamedTensors named_weights() override { return weights_; }
  NamedTensors named_statistics() override { return statistics_; }
  Output forward(const at::Tensor&, const Pass&) override { return {}; }
  bool is_training() const override { return true; }
  void set_training(bool) override {}

 private:
  NamedTensors weights_, statistics_;
};

TEST(Sgd, StepsAndAveragesLikePythons) {
  const std::string path = scratch("sgd.safetensors");
  const std::string command =
      fmt::format("'{}' '{}/tests/golden/make_sgd_golden.py' '{}'", AIGIS_PYTHON, AIGIS_SOURCE_DIR, path);
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  const auto golden = read_safetensors(path).tensors;
  const std::vector<std::pair<std::string, SgdOptions>> kinds{
      {"plain", {.momentum = 0.9, .nesterov = false, .weight_decay = 5e-2}},
      {"nesterov", {.momentum = 0.9, .nesterov = true, .weight_decay = 5e-2}},
      {"clipped", {.momentum = 0.9, .nesterov = false, .weight_decay = 5e-2, .decay_norms = false, .clip_norm = 2.0}}};
  for (const auto& [kind, options] : kinds) {
    NamedTensors weights;
    for (const char* name : {"a", "b", "bias"}) {
      weights.emplace_back(name, golden.at(name).clone().set_requires_grad(true));
    }
    at::Tensor seen = at::zeros({3}, at::TensorOptions(at::kDouble));
    Tensors net(weights, {{"seen", seen}});
    Sgd sgd(weights, options);
    WeightAverage average(net, 0.7);
    EXPECT_TRUE(average.averages().empty());
    for (int step = 0; step < 4; ++step) {
      const at::Tensor& input = golden.at(fmt::format("input.{}", step));
      sgd.clear_gradients();
      seen += input.sum(0);
      ((weights[0].second * weights[1].second + weights[2].second) * input).sum().backward();
      sgd.set_rate(0.1 / (step + 1));
      sgd.step();
      average.update();
      const auto expect = [&](const std::string& name, const at::Tensor& tensor) {
        EXPECT_TRUE(at::allclose(tensor, golden.at(fmt::format("{}.{}.{}", kind, name, step)), 1e-12, 1e-12))
            << kind << " " << name << " " << step;
      };
      for (const auto& [name, tensor] : weights) expect(name, tensor);
      for (const auto& [name, tensor] : average.averages()) expect("average." + name, tensor);
      average.swap();
      for (const auto& [name, tensor] : weights) expect("average." + name, tensor);
      average.swap();
      expect("seen", seen);
    }
  }
}

TEST(Sgd, LeavesAWeightWithoutGradientAlone) {
  const at::TensorOptions real(at::kDouble);
  const at::Tensor used = at::full({2, 2}, 3.0, real).set_requires_grad(true), left_out = used.detach().clone();
  Sgd sgd({{"used", used}, {"left_out", left_out}}, {.momentum = 0.9, .weight_decay = 0.1, .clip_norm = 10});
  used.sum().backward();
  sgd.set_rate(0.5);
  sgd.step();
  // Nesterov's first step: g = 1 + 0.1 * 3, and g + 0.9 g of it.
  EXPECT_TRUE(at::allclose(used, at::full({2, 2}, 3 - 0.5 * 1.9 * 1.3, real)));
  EXPECT_TRUE(left_out.eq(3).all().item<bool>());
}

TEST(Mixup, SharesAreBetaDistributed) {
  constexpr int64_t kDraws = 100'000;
  for (const double alpha : {0.2, 1.0}) {
    double sum = 0, squares = 0, fourths = 0;
    for (int64_t i = 0; i < kDraws; ++i) {
      const double d = mixup_share(alpha, {1, Purpose::mixing}, static_cast<uint64_t>(i)) - 0.5;
      sum += d;
      squares += d * d;
      fourths += d * d * d * d;
    }
    // The variance of Beta(a, a) is 1 / (4 (2a + 1)); bounds are five standard errors.
    const double variance = 1 / (4 * (2 * alpha + 1)), n = kDraws;
    EXPECT_NEAR(sum / n, 0, 5 * std::sqrt(variance / n)) << alpha;
    EXPECT_NEAR(squares / n, variance, 5 * std::sqrt((fourths / n - variance * variance) / n)) << alpha;
  }
}

TEST(Schedules, ByTheirDefinition) {
  TrainOptions options;
  options.learning_rate = 0.4;
  options.warmup = 0.25;
  EXPECT_NEAR(options.rate_at(0, 100), 0.4 * 0.005 / 0.25, 1e-12);  // the middle of the first step
  EXPECT_NEAR(options.rate_at(25, 100), 0.4 * (1 - 0.255) / 0.75, 1e-12);
  EXPECT_NEAR(options.rate_at(99, 100), 0.4 * 0.005 / 0.75, 1e-12);
  options.schedule = Schedule::step;
  options.epochs = 350;
  EXPECT_DOUBLE_EQ(options.rate_at(149, 350), 0.4);
  EXPECT_DOUBLE_EQ(options.rate_at(150, 350), 0.04);
  EXPECT_DOUBLE_EQ(options.rate_at(250, 350), 0.004);
  options.milestones = {30, 60, 90};  // of 100 epochs of 2 steps
  options.epochs = 100;
  EXPECT_DOUBLE_EQ(options.rate_at(59, 200), 0.4);
  EXPECT_DOUBLE_EQ(options.rate_at(60, 200), 0.04);
  EXPECT_DOUBLE_EQ(options.rate_at(199, 200), 0.0004);
  options.schedule = Schedule::cosine;
  EXPECT_NEAR(options.rate_at(12, 100), 0.4 * 0.125 / 0.25, 1e-12);
  EXPECT_NEAR(options.rate_at(62, 100), 0.2, 1e-12);  // the middle of the descent
  EXPECT_NEAR(options.rate_at(99, 100), 0.2 * (1 - std::cos(std::numbers::pi * 0.005 / 0.75)), 1e-12);
}

}  // namespace
}  // namespace aigis
