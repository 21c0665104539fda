// How many layers an image runs: the left half of Fig. 5 of the ConvNet-AIG paper.
#pragma once

#include "reports/plot/inspected.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// A bar per number of gated layers, with mean and deviation above them.
Figure layers_figure(const PlottedInspection& model, const std::string& name = "layers");

}  // namespace aigis::plotting
