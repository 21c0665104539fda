// Where iterated attacks begin.
#pragma once

#include "lib/core/philox.h"
#include "lib/data/dataset.h"

namespace aigis {

/// Noise [N, C, H, W] from U(-1, 1), of the images' type and on their device. A pixel's noise depends on the stream, on
/// the id of its image and on its place alone.
at::Tensor uniform_noise(const Batch& batch, const Stream& stream);

}  // namespace aigis
