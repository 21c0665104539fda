// Input diversity (Xie et al., CVPR 2019, arXiv:1803.06978, equation 3): before a gradient is taken, an image is
// resized at random and padded with zeros at a random place, with some probability.
#pragma once

#include "lib/core/model.h"
#include "lib/core/options.h"
#include "lib/core/philox.h"

namespace aigis {

struct DiversityOptions {
  double probability = 0;  ///< that an image is resized; 0: never
  double size = 0.9;       ///< the new side as a share of the image's: the least one or, above 1, the padded one

  void bind(OptionTable& table);
  /// Throws InputError where images of the model's size would be resized to the side that they have, or to none.
  void check(const ModelCard& card) const;
  bool active() const { return probability > 0; }
};

/// The images, those that chance chooses resized (bilinearly, without antialiasing) to a side drawn uniformly from
/// floor(size * side) … side - 1 and put at a place drawn uniformly. With a size above 1 they are enlarged, to a side
/// from `side` … floor(size * side) - 1, put in an image of floor(size * side), and that is resized to the side that
/// they had. Each image has its own draws. Differentiable.
at::Tensor diversified(const at::Tensor& images, const at::Tensor& ids, const DiversityOptions& options,
                       const Stream& stream);

}  // namespace aigis
