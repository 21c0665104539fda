// The optimiser against torch.optim.SGD, schedules against their definition, normalization against its own.
#include <ATen/ops/allclose.h>
#include <ATen/ops/full.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "lib/ops/safetensors.h"
#include "lib/train/options.h"
#include "lib/train/sgd.h"

namespace aigis {
namespace {

TEST(Sgd, StepsLikePythons) {
  const std::string path = ::testing::TempDir() + "aigis_sgd.safetensors";
  const std::string command =
      fmt::format("'{}' '{}/tests/golden/make_sgd_golden.py' '{}'", AIGIS_PYTHON, AIGIS_SOURCE_DIR, path);
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  const auto golden = read_safetensors(path).tensors;
  for (const bool nesterov : {false, true}) {
    at::Tensor a = golden.at("a").clone().set_requires_grad(true), b = golden.at("b").clone().set_requires_grad(true);
    Sgd sgd({{"a", a}, {"b", b}}, 0.9, nesterov, 5e-2);
    for (int step = 0; step < 4; ++step) {
      sgd.clear_gradients();
      (a * b * golden.at(fmt::format("input.{}", step))).sum().backward();
      sgd.step(0.1 / (step + 1));
      EXPECT_TRUE(
          at::allclose(a, golden.at(fmt::format("{}.a.{}", nesterov ? "nesterov" : "plain", step)), 1e-12, 1e-12))
          << step;
      EXPECT_TRUE(
          at::allclose(b, golden.at(fmt::format("{}.b.{}", nesterov ? "nesterov" : "plain", step)), 1e-12, 1e-12))
          << step;
    }
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
  EXPECT_DOUBLE_EQ(options.rate_at(149, 350), 0.4);
  EXPECT_DOUBLE_EQ(options.rate_at(150, 350), 0.04);
  EXPECT_DOUBLE_EQ(options.rate_at(250, 350), 0.004);
}

}  // namespace
}  // namespace aigis
