// Forward passes in lower precision, whose outputs look like any other's.
#pragma once

#include "lib/core/model.h"

namespace aigis {

/// What the model says with its convolutions and matrix products in `type`, by autocast; logits and gates are of the
/// images' own type, in which attacks keep their accounts.
Output forward_in(at::ScalarType type, Model& model, const at::Tensor& images, const Pass& pass);

}  // namespace aigis
