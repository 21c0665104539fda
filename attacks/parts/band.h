// Perturbations of low frequency (Guo, Frank & Weinberger, UAI 2019, arXiv:1809.08758): what survives compression and
// what averages over an image, as gates take them, can see.
#pragma once

#include "lib/core/options.h"
#include "lib/core/tensor.h"
#include "lib/eval/norm.h"

namespace aigis {

struct BandOptions {
  double share = 1;  ///< the lowest part of the discrete cosine transform's frequencies along each axis; 1: all

  void bind(OptionTable& table);
  bool active() const { return share < 1; }
};

/// Every channel [N, C, H, W] without its higher frequencies (DCT-II); the lowest always stays.
at::Tensor low_pass(const at::Tensor& images, const BandOptions& options);

/// Without the higher frequencies and of size 1 in `norm`.
at::Tensor low_direction(const at::Tensor& direction, Norm norm, const BandOptions& options);

/// Images whose perturbations are, besides, moved into the band if there is one; not the nearest such images.
at::Tensor within(const at::Tensor& clean, const at::Tensor& images, Norm norm, double epsilon,
                  const BandOptions& band);

/// The perturbation `delta` after a step of length `step` within the band, along `direction` and, in L1, in so many
/// coordinates; in the band and in the ball.
at::Tensor low_step(const at::Tensor& delta, const at::Tensor& direction, double step, int64_t coordinates, Norm norm,
                    double epsilon, const BandOptions& options);

}  // namespace aigis
