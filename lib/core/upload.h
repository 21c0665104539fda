// Tensors made on the CPU, on their way to a device.
#pragma once

#include "lib/core/tensor.h"

namespace aigis {

/// `tensor`, which has no gradient, on `device`, and as `type` where one is given. The CPU does not wait for the GPU,
/// as it does with Tensor::to: what lies in pageable memory is copied only when all that was asked of the GPU is done.
at::Tensor uploaded(const at::Tensor& tensor, at::Device device);
at::Tensor uploaded(const at::Tensor& tensor, at::Device device, at::ScalarType type);

}  // namespace aigis
