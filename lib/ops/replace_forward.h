// Backward pass differentiable approximation (BPDA; Athalye, Carlini & Wagner, ICML 2018), identity form.
#pragma once

#include "lib/core/tensor.h"

namespace aigis {

/// Returns `value` exactly; its gradient goes to `input` unchanged, as if value were input.
/// Both have the same shape, type and device.
at::Tensor replace_forward(const at::Tensor& input, const at::Tensor& value);

}  // namespace aigis
