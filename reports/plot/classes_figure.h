// Which layers run for which class: Fig. 4 of the ConvNet-AIG paper.
#pragma once

#include "reports/plot/inspected.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// Rows in an order that puts similar ones side by side: average linkage over Euclidean distances, each merger turned
/// so that the nearer ends touch. Exposed for its test.
std::vector<size_t> similar_together(const std::vector<std::vector<double>>& rows);

/// A row per class, a column per layer.
Figure classes_figure(const PlottedInspection& model, const std::string& name = "classes");

}  // namespace aigis::plotting
