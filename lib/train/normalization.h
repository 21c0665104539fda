// Channel statistics of the data, which a network subtracts and divides by.
#pragma once

#include "lib/core/model.h"
#include "lib/data/dataset.h"

namespace aigis {

/// Sets "normalize.mean" and "normalize.std" of a network to the channel statistics of `data`.
void set_normalization(Network& network, const Dataset& data);

}  // namespace aigis
