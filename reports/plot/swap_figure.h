// Clean and adversarial images along each other's gates: how much of an attack's damage is the graph's, how much the
// features'.
#pragma once

#include "reports/plot/runs.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// Whether a run swapped gates.
bool swaps_gates(const PlottedRun& run);

/// One figure for each model, attack and setting of runs that did.
std::vector<Figure> swap_figures(const RunList& list);

}  // namespace aigis::plotting
