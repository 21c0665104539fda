// What each attack on a gated model did to its compute, in numbers with intervals.
#pragma once

#include <string>

#include "reports/plot/runs.h"

namespace aigis::plotting {

/// A table for each gated model behind a defense, a row for each attack and budget. Empty without such runs, or where
/// they say no more than execution rates (reports before 1.7).
std::string gates_tables(const RunList& list);

}  // namespace aigis::plotting
