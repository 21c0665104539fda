// How fast each of several functions rises at an image: over its slope a difference of logits is the distance to the
// boundary of the model linearized there.
#pragma once

#include <stdexcept>

#include "lib/eval/norm.h"

namespace aigis {

/// [n, k]: how fast functions with these gradients [n, k, C, H, W] rise with the distance in the norm.
inline at::Tensor slopes_of(const at::Tensor& gradients, Norm norm) {
  const at::Tensor flat = gradients.flatten(2);
  switch (dual_of(norm)) {
    case Norm::linf: return flat.abs().amax(2);
    case Norm::l2: return flat.norm(2, 2);
    case Norm::l1: return flat.abs().sum(2);
    case Norm::l0: break;
  }
  throw std::logic_error("no norm has the dual l0");
}

}  // namespace aigis
