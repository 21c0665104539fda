#include "lib/core/upload.h"

namespace aigis {

at::Tensor uploaded(const at::Tensor& tensor, at::Device device) {
  const bool crosses = tensor.is_cpu() && device.is_cuda();
  return crosses ? tensor.pin_memory().to(device, /*non_blocking=*/true) : tensor.to(device);
}

at::Tensor uploaded(const at::Tensor& tensor, at::Device device, at::ScalarType type) {
  return uploaded(tensor.to(type), device);  // converted on this side: a copy that converts would not be asynchronous
}

}  // namespace aigis
