// Passes in groups of images that fit a core's cache.
#pragma once

#include <functional>

#include "lib/core/model.h"

namespace aigis {

/// What `run` gives for all images, called on groups of them side by side, one group a thread. Each group's feature
/// maps stay in the cache of the core that works on it, and no more of them are alive at once than groups are: a closed
/// gate then saves its branch and little else is moved. For passes without a gradient.
Output in_groups(const at::Tensor& images, const Pass& pass,
                 const std::function<Output(const at::Tensor&, const Pass&)>& run);

/// The same for passes that a gradient will be taken of: one group after the other, all threads on each. What a layer
/// reads was written just before, forwards and backwards.
Output in_groups_one_by_one(const at::Tensor& images, const Pass& pass,
                            const std::function<Output(const at::Tensor&, const Pass&)>& run);

}  // namespace aigis
