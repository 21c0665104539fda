// The page's bars of gates, and the menus that choose among them.
#pragma once

#include <string>

#include "reports/plot/runs.h"

namespace aigis::plotting {

/// A figure for each gated model, that of the first in sight; the script shows another or moves its bars.
std::string gates_by_model(const RunList& list);

/// For the script: which run of which file is what.
Json index_of(const RunList& list);

}  // namespace aigis::plotting
