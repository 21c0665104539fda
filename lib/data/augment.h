// The standard augmentation of CIFAR (He et al. 2016, section 4.2): 4 pixels of zero padding, a random crop of the
// original size, a horizontal flip half of the time.
#pragma once

#include "lib/core/philox.h"
#include "lib/data/dataset.h"

namespace aigis {

constexpr int64_t kCropPadding = 4;

/// The images at `positions`, cropped and flipped, as floats in [0, 1] on the CPU.
/// What happens to an image depends on the stream and its id alone.
Batch augmented(const Dataset& data, const at::Tensor& positions, const Stream& stream);

/// Positions 0 … count-1 in the random order of one epoch.
at::Tensor shuffled(int64_t count, const Stream& stream);

}  // namespace aigis
