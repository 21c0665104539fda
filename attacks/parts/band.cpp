#include "attacks/parts/band.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <cmath>
#include <limits>
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

/// For images of one size.
class LowPass {
 public:
  LowPass(const at::Tensor& like, const BandOptions& options)
      : down_(projection(like.size(2), options.share, like.options())),
        across_(projection(like.size(3), options.share, like.options())) {}
  at::Tensor operator()(const at::Tensor& images) const { return down_.matmul(images).matmul(across_); }

 private:
  at::Tensor down_, across_;
};

/// `x` made so long, but by no more than a factor of `most`.
at::Tensor scaled(const at::Tensor& x, Norm norm, double length, double most) {
  const at::Tensor size = sizes_of(x, norm);
  const at::Tensor factor = at::where(size.gt(0), length / size, 0.0).clamp_max(most);
  return x * per_image(factor.to(x.scalar_type()), x);
}

at::Tensor unit(const at::Tensor& x, Norm norm) { return scaled(x, norm, 1, std::numeric_limits<double>::infinity()); }

at::Tensor into_band(const at::Tensor& delta, Norm norm, double epsilon, const LowPass& low) {
  constexpr int kRounds = 3;
  at::Tensor held = delta;
  // Cutting to the ball leaves the band a little, and the other way round; what is then still too large is scaled down.
  for (int round = 0; round < kRounds; ++round) held = low(onto_ball(held, norm, epsilon));
  return scaled(held, norm, epsilon, 1);
}

}  // namespace

void BandOptions::bind(OptionTable& table) {
  table.number("band", &share, 0, 1, "share of the frequencies",
               "along each axis, the lowest, to which the perturbation is held (DCT); 1: all of them");
}

at::Tensor low_pass(const at::Tensor& images, const BandOptions& options) { return LowPass(images, options)(images); }

at::Tensor low_direction(const at::Tensor& direction, Norm norm, const BandOptions& options) {
  return unit(low_pass(direction, options), norm);
}

at::Tensor within(const at::Tensor& clean, const at::Tensor& images, Norm norm, double epsilon,
                  const BandOptions& band) {
  if (!band.active()) return within(clean, images, norm, epsilon);
  return within(clean, clean + into_band(images - clean, norm, epsilon, LowPass(clean, band)), norm, epsilon);
}

at::Tensor low_step(const at::Tensor& delta, const at::Tensor& direction, double step, int64_t coordinates, Norm norm,
                    double epsilon, const BandOptions& options) {
  const LowPass low(delta, options);
  const at::Tensor steep = steepest(low(direction), norm, coordinates);
  return into_band(delta + unit(low(steep), norm) * step, norm, epsilon, low);
}

}  // namespace aigis
