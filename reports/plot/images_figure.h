// Easy and hard images as the gates see them: Fig. 6 of the ConvNet-AIG paper.
#pragma once

#include "reports/plot/inspected.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// Whether the inspection kept pictures.
bool has_pictures(const PlottedInspection& model);

/// For each class the images that use the fewest layers, and those that use the most, each with its number of layers.
Figure images_figure(const PlottedInspection& model, const std::string& name = "images");

}  // namespace aigis::plotting
