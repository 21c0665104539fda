// The nearest point of a hyperplane in the box, against random ones and a closed form.
#include <ATen/ops/allclose.h>
#include <ATen/ops/count_nonzero.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "attacks/parts/hyperplane_at_once.h"
#include "tests/attacks.h"

namespace aigis {
namespace {

/// Optimality by duality: among changes d in the box with w.(x + d) = b none is smaller than (w.x - b) / |w|* where the
/// box does not bind; with the box, no feasible point on the way to another one is smaller.
TEST(Hyperplane, ChangesAreFeasibleAndNoRandomOneIsSmaller) {
  const int64_t n = 12;
  const at::Tensor x = drawn({40, n}, 9).sigmoid(), w = drawn({40, n}, 10);
  const at::Tensor corner = at::where(w.gt(0), at::ones_like(w), at::zeros_like(w));
  const at::Tensor share = drawn({40}, 11).sigmoid().unsqueeze(1);
  const at::Tensor b = (w * (x + (corner - x) * share)).sum(1);  // somewhere on the way to the highest corner
  for (const Norm norm : all_norms()) {
    const at::Tensor d = change_onto_hyperplane(x, w, b, norm), there = x + d;
    EXPECT_TRUE(at::allclose((w * there).sum(1), b, 1e-9, 1e-9)) << norm_name(norm);
    EXPECT_GE(there.min().item<double>(), -1e-12);
    EXPECT_LE(there.max().item<double>(), 1 + 1e-12);
    const at::Tensor size = sizes_of(d, norm);
    // Feasible others: random points of the box above the plane, pulled back along the line to x until they are on it.
    for (uint64_t seed = 0; seed < 50; ++seed) {
      const at::Tensor to = at::minimum(drawn({40, n}, 100 + seed).sigmoid() + corner * 0.7, at::ones_like(x));
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

// Two ways of computing it, one row after the other and all at once. Every seventh element has no slope.
TEST(Hyperplane, OfAllRowsAtOnceIsTheSameButForRounding) {
  const int64_t n = 1003;
  const at::Tensor points = drawn({40, n}, 12).sigmoid();
  at::Tensor normals = drawn({40, n}, 13);
  normals.slice(1, 0, n, 7).zero_();
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
    const double rounding = type == at::kDouble ? 1e-12 : 1e-6;
    const at::Tensor x = points.to(type), w = normals.to(type), at_x = (w * x).sum(1);
    // On the plane, near it on both sides, where many elements are at their ends, and out of reach.
    for (const double away : {0.0, 0.1, -0.1, 100.0, -100.0, 1e4, -1e4}) {
      for (const Norm norm : all_norms()) {
        const at::Tensor d = change_onto_hyperplane(x, w, at_x + away, norm);
        EXPECT_EQ(d.scalar_type(), type);
        EXPECT_TRUE(at::allclose(d, change_of_all_at_once(x, w, at_x + away, norm), rounding, rounding))
            << norm_name(norm) << " " << away << " " << type;
        EXPECT_EQ(d.slice(1, 0, n, 7).count_nonzero().item<int64_t>(), 0);
      }
    }
  }
}

}  // namespace
}  // namespace aigis
