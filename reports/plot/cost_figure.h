// Accuracy against cost: Fig. 3 of the ConvNet-AIG paper.
#pragma once

#include "reports/plot/inspected.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// A point per model and way of deciding its gates; models that were trained alike but for target rates and seeds are
/// joined by a line. It has the architecture's name, or that of its first model where the architecture was trained in
/// several ways. Gates that ignore the image (always, marginal) are left to modes_figure.h.
Figure cost_figure(const std::vector<PlottedInspection>& models);

}  // namespace aigis::plotting
