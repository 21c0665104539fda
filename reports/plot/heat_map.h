// What maps of shares have in common.
#pragma once

#include <string>
#include <vector>

#include "reports/plot/svg.h"

namespace aigis::plotting {

/// A bar of ramp_color() from 0 to 100 that ends at x = `right`, with its upper edge at `y`.
void draw_color_bar(Canvas& canvas, double right, double y);

/// A row of cells from x = `left` on, one for each layer, with their numbers where there is room, and their mean
/// behind. Returns the mean.
double draw_rates(Canvas& canvas, double left, double y, double step, double height, const std::string& name,
                  const std::vector<std::string>& layers, const std::vector<double>& rates);

/// The paint of letters that can be read on ramp_color(share), whatever the reader's background.
const char* ink_on_ramp(double share);

}  // namespace aigis::plotting
