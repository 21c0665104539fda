// Pixel values of eight bits.
#pragma once

#include <ATen/ops/full.h>

#include "lib/core/tensor.h"

namespace aigis {

/// `levels`, float from 0 to 255, in [0, 1], with the same bits on every device: by a plain number CUDA would multiply
/// with its rounded reciprocal.
inline at::Tensor from_levels(const at::Tensor& levels) { return levels / at::full({}, 255, levels.options()); }

/// [..] uint8: the levels of images that have no other values.
inline at::Tensor to_levels(const at::Tensor& images) { return (images * 255).round().to(at::kByte); }

}  // namespace aigis
