// Images without bounds: whatever w is, (tanh(w) + 1) / 2 lies in the box, so that Adam needs no projection (Carlini &
// Wagner, S&P 2017, section V-B).
#pragma once

#include "lib/core/tensor.h"

namespace aigis {

inline at::Tensor from_tanh_space(const at::Tensor& w) { return (w.tanh() + 1) / 2; }

inline at::Tensor to_tanh_space(const at::Tensor& images) {
  constexpr double kInside = 1 - 1e-6;  // of the box, whose faces have no place there
  return ((images * 2 - 1) * kInside).atanh();
}

/// The derivative of from_tanh_space at w.
inline at::Tensor tanh_space_slope(const at::Tensor& w) { return (1 - w.tanh().square()) / 2; }

}  // namespace aigis
