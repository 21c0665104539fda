// Small pictures of a data set's images, to be shown beside numbers.
#pragma once

#include <string>

#include "lib/core/tensor.h"

namespace aigis {

/// A JPEG file of an image [3, H, W] of uint8, its longer side reduced to at most 64 pixels by area averaging.
/// Throws RunError if the encoder fails.
std::string thumbnail(const at::Tensor& image);

}  // namespace aigis
