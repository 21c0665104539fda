// Changes onto hyperplanes by operations on all rows at once, for images that lie on a GPU.
#pragma once

#include "attacks/parts/hyperplane.h"

namespace aigis {

/// What `change_onto_hyperplane` gives, but for the order in which sums over a row are rounded, on any device.
at::Tensor change_of_all_at_once(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b, Norm norm);

}  // namespace aigis
