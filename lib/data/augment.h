// Augmentation of training images: that of He et al. 2016 for CIFAR (section 4.2), which is 4 pixels of zero padding, a
// random crop of the original size and a horizontal flip half of the time; and cutout (DeVries & Taylor 2017,
// arXiv:1708.04552), a grey square around a random pixel.
#pragma once

#include "lib/core/philox.h"
#include "lib/data/dataset.h"

namespace aigis {

constexpr int64_t kCropPadding = 4;

struct Augmentation {
  bool crop_and_flip = true;
  int64_t cutout = 0;  ///< side of the square in pixels; what of it lies outside of the image is cut off
};

/// The images at `positions`, augmented, as floats in [0, 1] on the CPU.
/// What happens to an image depends on the stream and its id alone.
Batch augmented(const Dataset& data, const at::Tensor& positions, const Stream& stream, const Augmentation& kinds = {});

/// Positions 0 … count-1 in the random order of one epoch.
at::Tensor shuffled(int64_t count, const Stream& stream);

}  // namespace aigis
