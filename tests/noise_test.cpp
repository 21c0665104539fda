// Noise of attacks, by the moments of its distribution; and a patch of it.
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/random.h"
#include "lib/core/error.h"
#include "tests/attacks.h"
#include "tests/three_gates.h"

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

/// The colours of a patch do not depend on the budget nor on what they cover; the rest of an image stays as it is.
TEST(Noise, OfAPatchIsOfAnyColours) {
  ThreeGates model(false);
  Victim victim(model, 0);
  const Batch batch = batch_of(random_images(400, 1, 4) * 0.1 + 0.2, 0);
  // The mean of |colour - 1/2|: 1/4 where it is uniform, 1/2 where it is 0 or 1, and, where it is normal with deviation
  // 1/2 and cut off at 0 and 1, phi(0) - phi(1) + 1 - Phi(1), with phi and Phi of the standard normal distribution.
  for (const auto& [kind, distance] : {std::pair{"uniform", 0.25}, {"sign", 0.5}, {"gaussian", 0.31563}}) {
    const auto attack = make_attack("noise:patch=2,kind=" + std::string(kind));
    const auto corner = [](const at::Tensor& x) { return x.slice(2, 0, 2).slice(3, 0, 2); };
    for (const Norm norm : {Norm::linf, Norm::l2}) {
      const double all = largest_size(norm, 3 * 2 * 2);
      const auto proposals = attack->propose(victim, batch, norm, {all, 0.05});
      const at::Tensor colours = corner(proposals[0]), small = proposals[1] - batch.images;
      EXPECT_NEAR(colours.mean().item<double>(), 0.5, 5 * 0.5 / std::sqrt(4800)) << kind;
      EXPECT_NEAR((colours - 0.5).abs().mean().item<double>(), distance, 0.02) << kind;
      EXPECT_FALSE(at::equal(colours[0], colours[1]));
      EXPECT_LE(sizes_of(small, norm).max().item<double>(), 0.05 + 1e-12);
      for (const at::Tensor& x : proposals) {
        at::Tensor rest = x.clone();
        corner(rest).copy_(corner(batch.images));
        EXPECT_TRUE(at::equal(rest, batch.images)) << kind;
      }
    }
  }
  EXPECT_THROW(make_attack("noise:patch=33")->check(model.card()), InputError);
}

}  // namespace
}  // namespace aigis
