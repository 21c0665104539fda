// How much of each gate's randomness is a choice: what the ConvNet-AIG paper does not show.
#pragma once

#include "reports/plot/inspected.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// Whether several draws of random gates were made, so that image and noise can be told apart.
bool is_random(const PlottedInspection& model);

/// For each layer a bar, how often it runs, and a point with its interval, the share of the gate's variance that is due
/// to the image and not to the noise (lib/metrics/image_share.h).
Figure adaptivity_figure(const PlottedInspection& model, const std::string& name = "adaptivity");

}  // namespace aigis::plotting
