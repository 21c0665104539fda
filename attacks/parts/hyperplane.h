// The nearest point of a hyperplane, inside the box: what attacks that look for the closest boundary take steps to
// (Croce & Hein, ICML 2020, "Minimally distorted adversarial examples", section 2.1).
#pragma once

#include "lib/eval/norm.h"

namespace aigis {

/// For each row the change d that is smallest in the norm, with w.(x + d) = b and x + d in [0, 1]; where the box does
/// not reach the hyperplane, the change that comes nearest. `x` [N, n] lies in the box, `w` is [N, n], `b` [N];
/// elements without a slope stay.
at::Tensor change_onto_hyperplane(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b, Norm norm);

}  // namespace aigis
