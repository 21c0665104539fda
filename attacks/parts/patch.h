// A patch: a square in the upper left corner of images that takes colours of its own (Brown et al. 2017,
// arXiv:1712.09665).
#pragma once

#include "lib/core/model.h"
#include "lib/core/options.h"
#include "lib/eval/norm.h"

namespace aigis {

/// The option `patch`, which names the side in pixels; 0: what is added to an image covers all of it.
void bind_patch(OptionTable& table, int64_t* side);
/// Throws InputError for one that is larger than the model's images.
void check_patch(int64_t side, const ModelCard& card);

/// The square of images [N, C, H, W], a view of them.
at::Tensor square_of(const at::Tensor& images, int64_t side);
/// Images whose square takes `colours`, [N, C, side, side] in [0, 1], as far as the budget lets it: wholly within
/// Linf 1.
at::Tensor pasted(const at::Tensor& images, const at::Tensor& colours, Norm norm, double epsilon);

}  // namespace aigis
