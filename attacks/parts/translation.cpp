#include "attacks/parts/translation.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/linspace.h>

namespace aigis {

void TranslationOptions::bind(OptionTable& table) {
  table.integer("translation", &kernel, 0, 255,
                "side of the Gaussian kernel that smooths gradients, odd; 0: none (TI)");
  table.number("translation_sigmas", &sigmas, 0.1, 100, "standard deviations", "from the kernel's middle to its edge")
      .only_with("translation>0");
}

at::Tensor smoothed(const at::Tensor& gradient, const TranslationOptions& options) {
  if (gradient.size(0) == 0) return gradient;
  const at::Tensor place = at::linspace(-options.sigmas, options.sigmas, options.kernel, gradient.options());
  at::Tensor row = (place * place * -0.5).exp();
  row = row / row.sum();
  const int64_t channels = gradient.size(1), reach = options.kernel / 2;
  const at::Tensor kernel = row.outer(row).expand({channels, 1, options.kernel, options.kernel}).contiguous();
  return at::conv2d(gradient, kernel, {}, 1, reach, 1, channels);
}

}  // namespace aigis
