// Augmentation of training images: that of He et al. 2016 for CIFAR (section 4.2), which is 4 pixels of zero padding, a
// random crop of the original size and a horizontal flip half of the time; that of ImageNet, a crop of random area and
// aspect brought back to the original size (Szegedy et al. 2015, arXiv:1409.4842, section 6) and flipped; and cutout
// (DeVries & Taylor 2017, arXiv:1708.04552), a grey square around a random pixel.
#pragma once

#include "lib/core/philox.h"
#include "lib/data/dataset.h"

namespace aigis {

constexpr int64_t kCropPadding = 4;

enum class Crop {
  none,     ///< neither crop nor flip
  padded,   ///< as for CIFAR
  resized,  ///< as for ImageNet: 8 to 100 % of the area, aspect 3/4 to 4/3
};

struct Augmentation {
  Crop crop = Crop::padded;
  int64_t cutout = 0;  ///< side of the square in pixels; what of it lies outside of the image is cut off
};

/// The images at `positions` (on the CPU), augmented, as floats in [0, 1] on the device of `data`.
/// What happens to an image depends on the stream and its id alone, and is the same on every device.
Batch augmented(const Dataset& data, const at::Tensor& positions, const Stream& stream, const Augmentation& kinds = {});

/// Positions 0 … count-1 in the random order of one epoch.
at::Tensor shuffled(int64_t count, const Stream& stream);

}  // namespace aigis
