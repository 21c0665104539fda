#include "lib/train/normalization.h"

#include <ATen/ops/zeros.h>

namespace aigis {

void set_normalization(Network& network, const Dataset& data) {
  // In whole numbers, so that the result does not depend on the order of the sum.
  at::Tensor sum = at::zeros({3}, at::TensorOptions(at::kLong)), square_sum = sum.clone();
  constexpr int64_t kChunk = 500;  // bounds the memory of the 64-bit copy
  for (int64_t begin = 0; begin < data.size(); begin += kChunk) {
    const at::Tensor pixels = data.images.slice(0, begin, begin + kChunk).to(at::kLong);
    sum += pixels.sum({0, 2, 3});
    square_sum += (pixels * pixels).sum({0, 2, 3});
  }
  const auto count = static_cast<double>(data.size() * data.images.size(2) * data.images.size(3));
  const at::Tensor mean = sum.to(at::kDouble) / (255 * count);
  const at::Tensor square = square_sum.to(at::kDouble) / (255.0 * 255.0 * count);
  for (const auto& [name, tensor] : network.named_statistics()) {
    if (name == "normalize.mean") tensor.copy_(mean.view({3, 1, 1}));
    // A channel without contrast must not divide by zero: one level is the least deviation.
    if (name == "normalize.std") {
      tensor.copy_((square - mean * mean).clamp_min(0).sqrt().clamp_min(1.0 / 255).view({3, 1, 1}));
    }
  }
}

}  // namespace aigis
