// Noise of attacks, by the moments of its distribution.
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/random.h"

namespace aigis {
namespace {

// The radius of a uniform point in an n-ball has P(r <= s) = s^n whatever the norm: its mean is n / (n + 1), and that
// of r^n, which is uniform, is 1/2 with variance 1/12.
TEST(Noise, IsUniformInTheBall) {
  const int64_t count = 4000, n = 12;
  const at::Tensor like = at::zeros({count, 3, 2, 2}, at::TensorOptions(at::kDouble));
  const at::Tensor ids = at::arange(count, at::TensorOptions(at::kLong)) + 3;
  for (const Norm norm : all_norms()) {
    const at::Tensor noise = ball_noise(like, ids, {1, Purpose::attack}, norm, Use::start);
    const at::Tensor radius = sizes_of(noise, norm);
    EXPECT_LE(radius.max().item<double>(), 1);
    EXPECT_NEAR(radius.pow(static_cast<double>(n)).mean().item<double>(), 0.5, 5 * std::sqrt(1.0 / 12 / count))
        << norm_name(norm);
    EXPECT_NEAR(noise.mean().item<double>(), 0, 5 / std::sqrt(static_cast<double>(count * n))) << norm_name(norm);
    const at::Tensor one = ball_noise(like.slice(0, 7, 8), ids.slice(0, 7, 8), {1, Purpose::attack}, norm, Use::start);
    EXPECT_TRUE(at::equal(one[0], noise[7]));
  }
}

TEST(Noise, IsNormal) {
  const at::Tensor like = at::zeros({500, 3, 5, 7}, at::TensorOptions(at::kDouble));
  const at::Tensor ids = at::arange(500, at::TensorOptions(at::kLong));
  const at::Tensor x = normal_noise(like, ids, {2, Purpose::attack}, Use::start);
  const auto n = static_cast<double>(x.numel());
  EXPECT_NEAR(x.mean().item<double>(), 0, 5 / std::sqrt(n));
  EXPECT_NEAR(x.pow(2).mean().item<double>(), 1, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(x.pow(4).mean().item<double>(), 3, 5 * std::sqrt(96 / n));
  EXPECT_NEAR(x.abs().lt(1.959964).to(at::kDouble).mean().item<double>(), 0.95, 5 * std::sqrt(0.95 * 0.05 / n));
  // Neighbours in memory are independent: Box-Muller's pairs, and pairs of pairs.
  const at::Tensor flat = x.flatten();
  EXPECT_NEAR((flat.slice(0, 0, -1) * flat.slice(0, 1)).mean().item<double>(), 0, 5 / std::sqrt(n));
  EXPECT_FALSE(at::equal(x, normal_noise(like, ids, {2, Purpose::attack}, Use::neighbour)));
}

}  // namespace
}  // namespace aigis
