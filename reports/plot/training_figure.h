// How models learnt: loss, held-out accuracy and the execution rate of each layer, epoch by epoch.
#pragma once

#include <vector>

#include "lib/core/json.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// Draws the train.json records among `files`: all of them in the panels of loss and accuracy, and for each gated
/// model a map of layers over epochs.
Figure training_figure(const std::vector<Json>& files);

}  // namespace aigis::plotting
