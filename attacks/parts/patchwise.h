// Patch-wise steps (Gao et al., ECCV 2020, arXiv:2007.06765, algorithm 1): steps longer than the ball allows, whose
// surplus is handed on to the neighbouring pixels. For Linf alone, the norm that bounds each pixel value by itself.
#pragma once

#include "lib/core/options.h"
#include "lib/core/tensor.h"

namespace aigis {

struct PatchwiseOptions {
  double amplification = 0;  ///< steps are this many times longer; 0: ordinary steps
  int64_t kernel = 3;        ///< side of the patch that receives the surplus, odd
  double projection = 1;     ///< factor of the step with which it is handed on

  void bind(OptionTable& table);
  bool active() const { return amplification > 0; }
};

/// The change of x along `direction` (a sign) with steps of length `step`. `amplified` is all that was stepped so far;
/// it is undefined before the first step, and updated.
at::Tensor patchwise_change(const at::Tensor& direction, double step, double epsilon, const PatchwiseOptions& options,
                            at::Tensor& amplified);

}  // namespace aigis
