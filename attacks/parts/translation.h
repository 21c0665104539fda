// Translation invariance (Dong et al., CVPR 2019, arXiv:1904.02884, equation 10): a gradient averaged over shifted
// images is nearly the gradient of the image itself, smoothed with a kernel.
#pragma once

#include "lib/core/options.h"
#include "lib/core/tensor.h"

namespace aigis {

struct TranslationOptions {
  int64_t kernel = 0;  ///< side of the Gaussian kernel, odd; 0: no smoothing
  double sigmas = 3;   ///< standard deviations from the kernel's middle to its last value

  void bind(OptionTable& table);
  bool active() const { return kernel > 0; }
};

/// Every channel smoothed with the kernel, zeros beyond the border.
at::Tensor smoothed(const at::Tensor& gradient, const TranslationOptions& options);

}  // namespace aigis
