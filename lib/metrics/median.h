// Medians, for times of a machine that others disturb.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/metrics/interval.h"

namespace aigis {

/// The median of at least one value.
double median(std::vector<double> values);

/// The median of fewer values is not within their range 95 times in a hundred: of 5, 94 times.
inline constexpr int64_t kFewestForInterval = 6;

/// Between two of the values, in which the median of what they are drawn from lies with 95 % confidence, whatever its
/// distribution: order statistics, by the binomial. The whole range where there are fewer than kFewestForInterval.
Interval median_interval(std::vector<double> values);

}  // namespace aigis
