// Budgets that build on one another: what a smaller one broke is broken within a larger one, for its image lies inside.
#pragma once

#include "lib/core/model.h"
#include "lib/core/philox.h"
#include "lib/data/dataset.h"
#include "lib/eval/norm.h"

namespace aigis {

/// What a smaller budget left of a batch.
struct Fallen {
  at::Tensor images;    ///< [N, C, H, W]
  at::Tensor unbroken;  ///< [N] bool
  at::Tensor mended;    ///< [N] bool: broken, but right again where rounded to 8 bits

  /// [N] bool: a larger budget may do more to them.
  at::Tensor worth_another_try() const { return unbroken.logical_or(mended); }
};

/// The images within a larger budget for which an attack made `proposed`: these, where the smaller one left an image
/// unbroken, and where rounding mended it and it is broken again; else those of the smaller one.
at::Tensor images_within_more(Model& target, const Batch& batch, const Fallen& smaller, const at::Tensor& proposed,
                              Norm norm, double epsilon, uint64_t seed, Purpose draws);

}  // namespace aigis
