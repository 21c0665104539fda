// Mixup: training on weighted means of pairs of images (Zhang et al., ICLR 2018, arXiv:1710.09412).
#pragma once

#include "lib/core/philox.h"

namespace aigis {

/// The weight of the first image of each pair, from Beta(alpha, alpha) with alpha in (0, 1]. Fixed by stream and `id`.
double mixup_share(double alpha, const Stream& stream, uint64_t id);

}  // namespace aigis
