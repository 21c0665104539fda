// Input diversity (Xie et al., CVPR 2019, arXiv:1803.06978, equation 3): before a gradient is taken, an image is
// resized at random and padded with zeros at a random place, with some probability.
#pragma once

#include "attacks/parts/random.h"
#include "lib/core/options.h"

namespace aigis {

struct DiversityOptions {
  double probability = 0;   ///< of an image's being resized; 0: never
  double least_size = 0.9;  ///< of the resized side, as a share of the image's

  void bind(OptionTable& table);
  bool active() const { return probability > 0; }
};

/// The images, those that chance chooses resized (bilinearly, without antialiasing) to a side drawn uniformly from
/// floor(least_size * side) … side - 1 and put at a place drawn uniformly. Each image has its own draws.
/// Differentiable.
at::Tensor diversified(const at::Tensor& images, const at::Tensor& ids, const DiversityOptions& options,
                       const Stream& stream);

}  // namespace aigis
