// Inference in groups of images that fit a core's cache, one group a thread.
#pragma once

#include <functional>

#include "lib/core/model.h"

namespace aigis {

/// What `run` gives for all images, called on groups of them side by side. Each group's feature maps stay in the cache
/// of the core that works on it, and no more of them are alive at once than groups are: a closed gate then saves its
/// branch and little else is moved.
Output in_groups(const at::Tensor& images, const Pass& pass,
                 const std::function<Output(const at::Tensor&, const Pass&)>& run);

}  // namespace aigis
