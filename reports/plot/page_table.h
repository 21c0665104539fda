// The table of all runs, with notes for what the checks flagged.
#pragma once

#include <string>

#include "reports/plot/runs.h"

namespace aigis::plotting {

/// An HTML table, a row per run; a flag is a numbered mark at the number that it concerns, explained below.
std::string runs_table(const RunList& list);

}  // namespace aigis::plotting
