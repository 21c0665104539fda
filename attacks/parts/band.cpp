#include "attacks/parts/band.h"

#include <ATen/ops/arange.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace aigis {
namespace {

/// [n, n], the projection onto the lowest frequencies of an axis of n values: rows of the DCT are orthonormal.
at::Tensor projection(int64_t n, double share, const at::TensorOptions& options) {
  const auto kept = std::clamp<int64_t>(std::llround(share * static_cast<double>(n)), 1, n);
  const at::Tensor place = at::arange(n, at::TensorOptions(at::kDouble)) + 0.5;
  const at::Tensor frequency = at::arange(kept, at::TensorOptions(at::kDouble)) * (std::numbers::pi / double(n));
  at::Tensor rows = frequency.outer(place).cos();
  rows = rows / rows.norm(2, 1, /*keepdim=*/true);
  return rows.t().matmul(rows).to(options);
}

}  // namespace

void BandOptions::bind(OptionTable& table) {
  table.number("band", &share, 0, 1, "share of the frequencies",
               "along each axis, the lowest, to which the perturbation is held (DCT); 1: all of them");
}

at::Tensor low_pass(const at::Tensor& images, const BandOptions& options) {
  const at::Tensor down = projection(images.size(2), options.share, images.options());
  const at::Tensor across = projection(images.size(3), options.share, images.options());
  return down.matmul(images).matmul(across);
}

}  // namespace aigis
