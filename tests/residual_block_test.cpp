// Gradients of residual blocks against differences.
#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/parts/run_block.h"
#include "tests/networks.h"

namespace aigis {
namespace {

/// Derivatives along random directions, gates given, against central differences in float64.
void expect_numerical_gradients(const ResidualBlock& block, const std::string& what) {
  auto generator = at::detail::createCPUGenerator(3);
  const at::TensorOptions real(at::kDouble);
  const Factor gates{at::tensor({1.0, 0.0, 1.0}, real)};
  // From 0.1 on, as if from a ReLU.
  const at::Tensor x = (at::rand({3, block.shape.in, block.shape.side, block.shape.side}, generator, real) + 0.1)
                           .set_requires_grad(true);
  Running mask{Execution::mask}, skip{Execution::skip};
  const at::Tensor y = run_block(block, x, gates, mask);
  const at::Tensor weights = at::rand(y.sizes(), generator, real) * 2 - 1;
  (y * weights).sum().backward();
  const at::NoGradGuard no_grad;
  // Its input may be overwritten.
  EXPECT_TRUE(at::allclose(run_block(block, x.clone(), gates, skip), y, 1e-12, 1e-12)) << what;
  const auto value = [&](const at::Tensor& z) {
    return (run_block(block, z, gates, skip) * weights).sum().item<double>();
  };
  for (int i = 0; i < 4; ++i) {
    const at::Tensor direction = at::rand(x.sizes(), generator, real) * 2 - 1;
    constexpr double h = 1e-7;  // so small that hardly a ReLU switches between the two
    const double numerical = (value(x + h * direction) - value(x - h * direction)) / (2 * h);
    EXPECT_NEAR((x.grad() * direction).sum().item<double>(), numerical, 1e-5 * std::abs(numerical) + 1e-6) << what;
  }
}

TEST(Blocks, GradientsAreThoseOfDifferences) {
  const BlockShape same{"b", 8, 8, 8, 1, 6}, halves{"b", 8, 16, 16, 2, 6}, wide{"b", 16, 4, 16, 1, 6},
      wide_halves{"b", 16, 8, 32, 2, 6};
  const auto check = [](const std::string& what, const auto& make) {
    Weights weights(5, true);
    const auto block = make(weights);
    auto generator = at::detail::createCPUGenerator(9);
    for (const auto& [name, tensor] : weights.statistics()) {
      tensor.copy_(at::rand(tensor.sizes(), generator) + (name.ends_with("running_var") ? 0.5 : -0.5));
    }
    weights.move_to(at::kCPU, at::kDouble);
    expect_numerical_gradients(*block, what);
    weights.freeze();
    block->fold();
    expect_numerical_gradients(*block, what + ", folded");
  };
  for (const BlockShape& shape : {same, halves, wide, wide_halves}) {
    for (const Shortcut shortcut : {Shortcut::conv, Shortcut::identity}) {
      for (const StrideAt stride : {StrideAt::conv1, StrideAt::conv2}) {
        const std::string what = fmt::format("post-activation {} to {}, shortcut {}, stride {}", shape.in, shape.out,
                                             int(shortcut), int(stride));
        check(what, [&](Weights& weights) {
          return std::make_unique<PostActivationBlock>(weights, shape, shortcut, stride);
        });
      }
    }
  }
  check("pre-activation", [&](Weights& weights) { return std::make_unique<PreActivationBlock>(weights, same, false); });
  check("pre-activation, first",
        [&](Weights& weights) { return std::make_unique<PreActivationBlock>(weights, same, true); });
  check("pre-activation, halving",
        [&](Weights& weights) { return std::make_unique<PreActivationBlock>(weights, halves, false); });
}

}  // namespace
}  // namespace aigis
