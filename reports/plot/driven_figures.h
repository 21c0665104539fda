// What attacks make of a gated model's compute: the layers that run under each, what an image costs, and how that grows
// with the budget.
#pragma once

#include "reports/plot/runs.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// For each gated model with several attacks, at the largest budget: a row of execution rates for clean images and one
/// for each attack.
std::vector<Figure> rates_figures(const RunList& list);

/// The same with the distribution of executed multiply-accumulates.
std::vector<Figure> spent_figures(const RunList& list);

/// For each gated model with several budgets: mean executed multiply-accumulates against the budget, a line an attack.
std::vector<Figure> compute_figures(const RunList& list);

}  // namespace aigis::plotting
