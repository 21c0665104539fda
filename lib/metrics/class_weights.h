// Which gates tell classes apart.
#pragma once

#include <vector>

namespace aigis {

/// [L] for each gated layer the variance of its execution rate between classes, 1 in sum; all 0 where no layer tells
/// classes apart. `rates` [K][L] are those of classes that have images.
std::vector<double> class_weights(const std::vector<std::vector<double>>& rates);

}  // namespace aigis
