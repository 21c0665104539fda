// Accuracy against the attack's budget: the left half of Fig. 7 of the ConvNet-AIG paper, for any attack and defense.
#pragma once

#include "reports/plot/runs.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// A panel per attack and norm, and in it a line per model, defense and access: colour is the model, dashes and
/// markers are the defense. Where a panel would hold too many lines, each defense gets its own.
Figure accuracy_figure(const RunList& list);

}  // namespace aigis::plotting
