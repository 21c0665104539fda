// Balls, steps and noise of each norm, against closed forms and against slow searches.
#include "lib/eval/norm.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/diversity.h"
#include "attacks/parts/hyperplane.h"
#include "attacks/parts/random.h"
#include "attacks/parts/slopes.h"
#include "lib/core/error.h"

namespace aigis {
namespace {

at::Tensor normal(at::IntArrayRef shape, uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  return at::randn(shape, generator, at::TensorOptions(at::kDouble));
}

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
      normal({5, 3, 4, 4}, 1) * at::tensor({0.01, 0.1, 1.0, 3.0, 0.3}, at::kDouble).view({5, 1, 1, 1});
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

// <d, g> over the unit ball is at most the dual norm of g, and the steepest direction reaches it.
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
  const at::Tensor clean = normal({6, 3, 4, 4}, 5).sigmoid();
  const at::Tensor x =
      clean + normal({6, 3, 4, 4}, 6) * at::tensor({0.01, 0.1, 0.5, 1.0, 3.0, 10.0}, at::kDouble).view({6, 1, 1, 1});
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
  const at::Tensor slopes = normal({5, 20}, 7).abs(), ends = normal({5, 20}, 8).abs();
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

/// Optimality by duality: among changes d in the box with w.(x + d) = b none is smaller than (w.x - b) / |w|* where the
/// box does not bind; with the box, no feasible point on the way to another one is smaller.
TEST(Hyperplane, ChangesAreFeasibleAndNoRandomOneIsSmaller) {
  const int64_t n = 12;
  const at::Tensor x = normal({40, n}, 9).sigmoid(), w = normal({40, n}, 10);
  const at::Tensor corner = at::where(w.gt(0), at::ones_like(w), at::zeros_like(w));
  const at::Tensor share = normal({40}, 11).sigmoid().unsqueeze(1);
  const at::Tensor b = (w * (x + (corner - x) * share)).sum(1);  // somewhere on the way to the highest corner
  for (const Norm norm : all_norms()) {
    const at::Tensor d = change_onto_hyperplane(x, w, b, norm), there = x + d;
    EXPECT_TRUE(at::allclose((w * there).sum(1), b, 1e-9, 1e-9)) << norm_name(norm);
    EXPECT_GE(there.min().item<double>(), -1e-12);
    EXPECT_LE(there.max().item<double>(), 1 + 1e-12);
    const at::Tensor size = sizes_of(d, norm);
    // Feasible others: random points of the box above the plane, pulled back along the line to x until they are on it.
    for (uint64_t seed = 0; seed < 50; ++seed) {
      const at::Tensor to = at::minimum(normal({40, n}, 100 + seed).sigmoid() + corner * 0.7, at::ones_like(x));
      const at::Tensor rise = (w * (to - x)).sum(1), needed = b - (w * x).sum(1), part = needed / rise;
      const at::Tensor feasible = part.ge(0).logical_and(part.le(1));
      const at::Tensor other = sizes_of((to - x) * part.unsqueeze(1), norm);
      EXPECT_TRUE(size.le(other + 1e-9).logical_or(feasible.logical_not()).all().item<bool>()) << norm_name(norm);
    }
  }
  // Where the box does not bind the distance is the excess over the dual norm.
  const at::Tensor middle = at::full_like(x, 0.5), near = (w * middle).sum(1) - 0.01;
  for (const auto& [norm, dual] : {std::pair{Norm::linf, Norm::l1}, {Norm::l2, Norm::l2}, {Norm::l1, Norm::linf}}) {
    EXPECT_TRUE(at::allclose(sizes_of(change_onto_hyperplane(middle, w, near, norm), norm), 0.01 / sizes_of(w, dual),
                             1e-9, 1e-12))
        << norm_name(norm);
  }
  // Out of the box's reach: as near as it goes.
  const at::Tensor unreachable = change_onto_hyperplane(x, w, (w * corner).sum(1) + 1, Norm::l2);
  EXPECT_TRUE(at::allclose(x + unreachable, corner, 0, 1e-12));
}

TEST(Norms, SteepestReachesTheDualNorm) {
  const at::Tensor gradient = normal({4, 3, 4, 4}, 2);
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
  const at::Tensor clean = normal({50, 3, 4, 4}, 3).sigmoid(), images = clean + normal({50, 3, 4, 4}, 4);
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
TEST(Norms, RoundingLeavesTheL1BallByNoMoreThanAnUlp) {
  for (uint64_t seed = 0; seed < 25; ++seed) {
    const at::Tensor clean = normal({8, 3, 32, 32}, 2 * seed).sigmoid().to(at::kFloat);
    const at::Tensor noise = normal({8, 3, 32, 32}, 2 * seed + 1).to(at::kFloat);
    const at::Tensor of_one = noise / per_image(sizes_of(noise, Norm::l1).to(at::kFloat), noise);
    for (const float epsilon : {0.5F, 4.0F, 12.0F, 100.0F}) {
      const double most = std::nextafter(epsilon, 2 * epsilon);
      for (const double times : {1.0, 1.5, 20.0}) {
        const at::Tensor images = clean + of_one * (times * epsilon);
        for (const at::Tensor& x : {within(clean, images, Norm::l1, epsilon), nearest_in_l1(clean, images, epsilon)}) {
          EXPECT_LE(sizes_of(x - clean, Norm::l1).max().item<double>(), most) << epsilon << " " << times;
          EXPECT_LE(sizes_of(x.to(at::kDouble) - clean.to(at::kDouble), Norm::l1).max().item<double>(), most);
        }
      }
    }
  }
}

// The radius of a uniform point in an n-ball has P(r <= s) = s^n whatever the norm: its mean is n / (n + 1), and that
// of r^n, which is uniform, is 1/2 with variance 1/12.
TEST(Noise, IsUniformInTheBall) {
  const int64_t count = 4000, n = 12;
  const at::Tensor like = at::zeros({count, 3, 2, 2}, at::TensorOptions(at::kDouble));
  const at::Tensor ids = at::arange(count, at::TensorOptions(at::kLong)) + 3;
  for (const Norm norm : all_norms()) {
    const at::Tensor noise = ball_noise(like, ids, {1, Purpose::attack}, norm);
    const at::Tensor radius = sizes_of(noise, norm);
    EXPECT_LE(radius.max().item<double>(), 1);
    EXPECT_NEAR(radius.pow(static_cast<double>(n)).mean().item<double>(), 0.5, 5 * std::sqrt(1.0 / 12 / count))
        << norm_name(norm);
    EXPECT_NEAR(noise.mean().item<double>(), 0, 5 / std::sqrt(static_cast<double>(count * n))) << norm_name(norm);
    const at::Tensor one = ball_noise(like.slice(0, 7, 8), ids.slice(0, 7, 8), {1, Purpose::attack}, norm);
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

// Every image of random size and place is the bilinear resize of at::upsample_bilinear2d between zeros.
TEST(Diversity, ResizesAndPads) {
  const at::Tensor images = normal({200, 3, 10, 10}, 5), ids = at::arange(200, at::TensorOptions(at::kLong));
  const at::Tensor made = diversified(images, ids, {.probability = 0.5, .size = 0.7}, {3, Purpose::attack});
  int64_t untouched = 0;
  std::array<int64_t, 10> sizes{};
  for (int64_t i = 0; i < 200; ++i) {
    if (at::equal(made[i], images[i])) {
      ++untouched;
      continue;
    }
    const at::Tensor filled = made[i].abs().sum(0);
    const at::Tensor rows = filled.sum(1).nonzero(), columns = filled.sum(0).nonzero();
    const int64_t size = rows.size(0), top = rows[0].item<int64_t>(), left = columns[0].item<int64_t>();
    ASSERT_EQ(columns.size(0), size);
    ++sizes[static_cast<size_t>(size)];
    const at::Tensor expected = at::upsample_bilinear2d(images.slice(0, i, i + 1), {size, size}, false)[0];
    EXPECT_TRUE(at::allclose(made[i].slice(1, top, top + size).slice(2, left, left + size), expected, 1e-9, 1e-9)) << i;
  }
  EXPECT_NEAR(static_cast<double>(untouched), 100, 5 * std::sqrt(50.0));
  for (const size_t size : {7, 8, 9}) EXPECT_GT(sizes[size], 10) << size;
  EXPECT_EQ(sizes[6] + sizes[5], 0);
}

TEST(Diversity, EnlargesPadsAndShrinksBack) {
  const Stream stream{3, Purpose::attack};
  const at::Tensor images = normal({60, 3, 10, 12}, 5), ids = at::arange(60, at::TensorOptions(at::kLong));
  const at::Tensor made = diversified(images, ids, {.probability = 0.5, .size = 1.5}, stream);
  const at::Tensor draws = uniform_numbers(ids, 4, stream, Use::diversity);
  int64_t untouched = 0;
  for (int64_t i = 0; i < 60; ++i) {
    const auto below = [&](int64_t count, int64_t k) {
      return static_cast<int64_t>(draws[i][k].item<double>() * static_cast<double>(count));
    };
    if (draws[i][0].item<double>() >= 0.5) {
      ++untouched;
      EXPECT_TRUE(at::equal(made[i], images[i])) << i;
      continue;
    }
    const int64_t height = 10 + below(5, 1), width = 12 + below(6, 1);
    const int64_t top = below(15 - height, 2), left = below(18 - width, 3);
    const at::Tensor padded = at::zeros({1, 3, 15, 18}, images.options());
    padded.slice(2, top, top + height)
        .slice(3, left, left + width)
        .copy_(at::upsample_bilinear2d(images.slice(0, i, i + 1), {height, width}, false));
    EXPECT_TRUE(at::allclose(made[i], at::upsample_bilinear2d(padded, {10, 12}, false)[0], 1e-9, 1e-9)) << i;
  }
  EXPECT_NEAR(static_cast<double>(untouched), 30, 5 * std::sqrt(15.0));
}

}  // namespace
}  // namespace aigis
