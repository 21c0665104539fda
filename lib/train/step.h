// What goes into a step of training, and what comes out of it.
#pragma once

#include <vector>

#include "lib/core/model.h"

namespace aigis {

/// All on the device; what a step does without is undefined.
struct StepInputs {
  at::Tensor images;    ///< [N, C, H, W], mixed in pairs if there are shares
  at::Tensor attacked;  ///< the adversary's
  at::Tensor labels;    ///< [N]
  at::Tensor shares;    ///< [2], of mixup: an image's own and that of the image at the other end of the batch
  Pass pass;            ///< its noise is drawn if the network has gates

  std::vector<at::Tensor*> tensors() { return {&images, &attacked, &labels, &shares, &pass.drawn}; }
};

/// Means over one batch, and how many of its images were right; scalars on the device.
struct StepResult {
  at::Tensor loss, penalty, correct;
};

}  // namespace aigis
