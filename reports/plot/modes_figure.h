// What becomes of a model when its gates decide in other ways: by noise, by likelihood, not at all.
#pragma once

#include "reports/plot/inspected.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// A line for each model and each way of deciding its gates: accuracy with its interval, layers run and cost.
Figure modes_figure(const std::vector<PlottedInspection>& models);

}  // namespace aigis::plotting
