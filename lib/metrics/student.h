// The interval of a mean of few values, by Student's t.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/metrics/interval.h"

namespace aigis {

/// Standard errors from the middle of Student's t distribution to either end of so much of its centre: of 95 %,
/// kNormal95 for many degrees of freedom. There is at least one.
double student_quantile(int64_t degrees, double centre = 0.95);

/// The interval (95 %) of the mean of what values are drawn from, if that is normal: exact for few, where
/// mean_interval() is too narrow. A point for one value, or for equal ones.
Interval student_interval(const std::vector<double>& values, double confidence = 0.95);

}  // namespace aigis
