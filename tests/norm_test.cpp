// Balls and steps of each norm, against closed forms and against slow searches.
#include "lib/eval/norm.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "attacks/parts/slopes.h"
#include "lib/core/error.h"
#include "tests/attacks.h"

namespace aigis {
namespace {

/// The L1 projection by bisection on the soft threshold, which is slow and plainly right.
at::Tensor l1_by_bisection(const at::Tensor& row, double epsilon) {
  double low = 0, high = row.abs().max().item<double>();
  if (row.abs().sum().item<double>() <= epsilon) return row;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    ((row.abs() - middle).clamp_min(0).sum().item<double>() > epsilon ? low : high) = middle;
  }
  return row.sign() * (row.abs() - high).clamp_min(0);
}

TEST(Norms, ProjectionsAreNearest) {
  const at::Tensor delta =
      drawn({5, 3, 4, 4}, 1) * at::tensor({0.01, 0.1, 1.0, 3.0, 0.3}, at::kDouble).view({5, 1, 1, 1});
  const at::Tensor l2 = onto_ball(delta, Norm::l2, 1), l1 = onto_ball(delta, Norm::l1, 5);
  for (int64_t i = 0; i < 5; ++i) {
    const double length = delta[i].norm().item<double>();
    EXPECT_TRUE(at::allclose(l2[i], length > 1 ? delta[i] / length : delta[i], 0, 1e-12));
    EXPECT_TRUE(at::allclose(l1[i], l1_by_bisection(delta[i], 5), 0, 1e-9)) << i;
  }
  EXPECT_TRUE(at::equal(onto_ball(delta, Norm::linf, 0.5), delta.clamp(-0.5, 0.5)));
  for (const Norm norm : all_norms()) {
    EXPECT_TRUE(at::equal(onto_ball(delta, norm, 0), at::zeros_like(delta))) << norm_name(norm);
    EXPECT_EQ(onto_ball(delta.slice(0, 0, 0), norm, 1).size(0), 0);
    EXPECT_EQ(parse_norm(norm_name(norm)), norm);
  }
  EXPECT_THROW(parse_norm("l3"), InputError);
}

/// min(max(|y| - t, 0), room) with t by bisection: slow and plainly right.
at::Tensor in_box_and_l1(const at::Tensor& clean, const at::Tensor& x, double epsilon) {
  const at::Tensor y = x - clean, room = at::where(y.gt(0), 1 - clean, clean);
  const auto cut = [&](double t) { return at::minimum((y.abs() - t).clamp_min(0), room); };
  double low = 0, high = y.abs().max().item<double>();
  if (cut(0).sum().item<double>() <= epsilon) high = 0;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (cut(middle).sum().item<double>() > epsilon ? low : high) = middle;
  }
  return clean + cut(high) * y.sign();
}

TEST(Norms, NearestInL1IsInTheBoxToo) {
  const at::Tensor clean = drawn({6, 3, 4, 4}, 5).sigmoid();
  const at::Tensor x =
      clean + drawn({6, 3, 4, 4}, 6) * at::tensor({0.01, 0.1, 0.5, 1.0, 3.0, 10.0}, at::kDouble).view({6, 1, 1, 1});
  for (const double epsilon : {0.0, 0.5, 3.0, 100.0}) {
    const at::Tensor nearest = nearest_in_l1(clean, x, epsilon);
    for (int64_t i = 0; i < 6; ++i) {
      EXPECT_TRUE(at::allclose(nearest[i], in_box_and_l1(clean[i], x[i], epsilon), 0, 1e-9)) << epsilon << " " << i;
    }
    EXPECT_LE(sizes_of(nearest - clean, Norm::l1).max().item<double>(), epsilon + 1e-12);
    // What is projected then clipped lies in both as well, but never nearer.
    const auto distance = [&](const at::Tensor& y) { return (y - x).flatten(1).norm(2, 1); };
    EXPECT_TRUE(distance(nearest).le(distance(within(clean, x, Norm::l1, epsilon)) + 1e-9).all().item<bool>());
  }
}

TEST(Norms, LevelFillsWhatIsWanted) {
  const at::Tensor slopes = drawn({5, 20}, 7).abs(), ends = drawn({5, 20}, 8).abs();
  const at::Tensor most = (slopes * ends).sum(1), wanted = most * at::tensor({0.0, 0.1, 0.7, 1.0, 2.0}, at::kDouble);
  const at::Tensor level = level_of(slopes, ends, wanted);
  const at::Tensor filled = (slopes * at::minimum(level.unsqueeze(1), ends)).sum(1);
  EXPECT_TRUE(at::allclose(filled, at::minimum(wanted, most), 1e-12, 1e-12));
  EXPECT_NEAR(level[4].item<double>(), ends[4].max().item<double>(), 1e-12);
}

TEST(Norms, L0KeepsTheLargestElements) {
  const at::Tensor delta = at::tensor({0.3, -0.9, 0.0, 0.5, -0.5}, at::kDouble).unsqueeze(0);
  EXPECT_EQ(sizes_of(delta, Norm::l0).item<double>(), 4);
  EXPECT_TRUE(
      at::equal(onto_ball(delta, Norm::l0, 2.9), at::tensor({0.0, -0.9, 0.0, 0.5, 0.0}, at::kDouble).unsqueeze(0)));
  EXPECT_TRUE(at::equal(onto_ball(delta, Norm::l0, 0), at::zeros_like(delta)));
  EXPECT_TRUE(at::equal(onto_ball(delta, Norm::l0, 7), delta));
  const at::Tensor clean = at::full_like(delta, 0.7), moved = within(clean, clean + delta, Norm::l0, 2);
  EXPECT_EQ(moved.ne(clean).sum().item<int64_t>(), 2);
  EXPECT_EQ(moved.max().item<double>(), 1) << "clipped to the box";
}

// <d, g> over the unit ball is at most the dual norm of g, and the steepest direction reaches it.
TEST(Norms, SteepestReachesTheDualNorm) {
  const at::Tensor gradient = drawn({4, 3, 4, 4}, 2);
  for (const auto& [norm, dual] : {std::pair{Norm::linf, Norm::l1}, {Norm::l2, Norm::l2}, {Norm::l1, Norm::linf}}) {
    const at::Tensor direction = steepest(gradient, norm);
    EXPECT_TRUE(at::allclose(sizes_of(direction, norm), at::ones({4}, at::TensorOptions(at::kDouble)), 1e-12, 0));
    EXPECT_TRUE(at::allclose((direction * gradient).flatten(1).sum(1), sizes_of(gradient, dual), 1e-12, 0));
    EXPECT_EQ(dual_of(norm), dual);
    EXPECT_TRUE(at::allclose(slopes_of(gradient.unsqueeze(0), norm), sizes_of(gradient, dual).unsqueeze(0), 1e-12, 0));
    // One over the length of the least numbers is infinite.
    const at::Tensor least = at::full_like(gradient, 1e-40, at::TensorOptions(at::kFloat));
    EXPECT_TRUE(steepest(least, norm).isfinite().all().item<bool>()) << norm_name(norm);
    EXPECT_TRUE(at::equal(steepest(at::zeros_like(gradient), norm), at::zeros_like(gradient))) << norm_name(norm);
  }
  const at::Tensor sparse = steepest(gradient, Norm::l1, 5);
  EXPECT_TRUE(sparse.ne(0).flatten(1).sum(1).eq(5).all().item<bool>());
  EXPECT_TRUE(at::allclose(sizes_of(sparse, Norm::l1), at::ones({4}, at::TensorOptions(at::kDouble)), 1e-12, 0));
}

TEST(Norms, WithinIsInBallAndBox) {
  const at::Tensor clean = drawn({50, 3, 4, 4}, 3).sigmoid(), images = clean + drawn({50, 3, 4, 4}, 4);
  for (const auto& [norm, epsilon] : {std::pair{Norm::linf, 0.1}, {Norm::l2, 0.7}, {Norm::l1, 4.0}}) {
    for (const auto type : {at::kDouble, at::kFloat}) {
      const at::Tensor x = within(clean.to(type), images.to(type), norm, epsilon);
      const double ulp = type == at::kDouble ? 1e-15 : 6e-7;
      EXPECT_LE(sizes_of(x - clean.to(type), norm).max().item<double>(), epsilon * (1 + 50 * ulp)) << norm_name(norm);
      EXPECT_GE(x.min().item<double>(), 0);
      EXPECT_LE(x.max().item<double>(), 1);
    }
  }
}

// Thousands of pixels round together by several ulps of the budget, if nothing is done about it.
TEST(Norms, RoundingLeavesTheBallByNoMoreThanAnUlp) {
  for (uint64_t seed = 0; seed < 25; ++seed) {
    const at::Tensor clean = drawn({8, 3, 32, 32}, 2 * seed).sigmoid().to(at::kFloat);
    const at::Tensor noise = drawn({8, 3, 32, 32}, 2 * seed + 1).to(at::kFloat);
    for (const auto& [norm, epsilon] : {std::pair{Norm::l1, 0.5F},
                                        {Norm::l1, 4.0F},
                                        {Norm::l1, 12.0F},
                                        {Norm::l1, 100.0F},
                                        {Norm::l2, 0.15F},
                                        {Norm::l2, 0.5F},
                                        {Norm::l2, 3.0F}}) {
      const at::Tensor of_one = noise / per_image(sizes_of(noise, norm).to(at::kFloat), noise);
      const double most = std::nextafter(epsilon, 2 * epsilon);
      for (const double times : {1.0, 1.5, 20.0}) {
        const at::Tensor images = clean + of_one * (times * epsilon);
        std::vector<at::Tensor> all{within(clean, images, norm, epsilon)};
        if (norm == Norm::l1) all.push_back(nearest_in_l1(clean, images, epsilon));
        for (const at::Tensor& x : all) {
          EXPECT_LE(sizes_of(x - clean, norm).max().item<double>(), most) << epsilon << " " << times;
          EXPECT_LE(sizes_of(x.to(at::kDouble) - clean.to(at::kDouble), norm).max().item<double>(), most);
        }
      }
    }
  }
}

}  // namespace
}  // namespace aigis
