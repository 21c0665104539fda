// The axis that names gated layers side by side, stage by stage.
#pragma once

#include <string>
#include <vector>

#include "reports/plot/svg.h"

namespace aigis::plotting {

/// Width of a layer's column: as wide as `room` allows, within what bars and labels need.
double layer_step(size_t layers, double room);

/// Below y = `bottom`, from x = `left` on; takes 54 units of height.
void draw_layer_axis(Canvas& canvas, const std::vector<std::string>& layers, double left, double step, double bottom);

}  // namespace aigis::plotting
