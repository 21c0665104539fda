// One residual block for a batch in which each image has its own gate.
#pragma once

#include "models/parts/residual_block.h"

namespace aigis {

/// What becomes of the branch of an image whose gate is closed.
enum class Execution {
  mask,  ///< it is computed and multiplied by 0, as published code does: the arithmetic is saved on paper only
  skip,  ///< it is not computed: images with an open gate are gathered, run and written back
};

/// What a layer's branch is multiplied with: by default 1.
struct Factor {
  at::Tensor per_image = {};  ///< [N]; undefined for the same factor for all
  double scale = 1;           ///< for all images; with 0 the branch is not computed
};

/// join(shortcut(x) + factor residual(x)). x may be overwritten. Execution::skip needs factors per image that are 0 or
/// 1 and carry no gradient, and frozen statistics; elsewhere the branch is masked.
at::Tensor run_block(const ResidualBlock& block, at::Tensor x, const Factor& factor, Execution execution,
                     bool training);

}  // namespace aigis
