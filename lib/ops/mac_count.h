// Counts arithmetic as it is done, for models whose layers are not known.
#pragma once

#include <cstdint>
#include <functional>

namespace aigis {

/// Multiply-accumulates of the convolutions and matrix products that `run` calls on this thread.
int64_t count_macs(const std::function<void()>& run);

}  // namespace aigis
