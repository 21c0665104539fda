// What maps of shares have in common.
#pragma once

#include "reports/plot/svg.h"

namespace aigis::plotting {

/// A bar of ramp_color() from 0 to 100 that ends at x = `right`, with its upper edge at `y`.
void draw_color_bar(Canvas& canvas, double right, double y);

/// The paint of letters that can be read on ramp_color(share), whatever the reader's background.
const char* ink_on_ramp(double share);

}  // namespace aigis::plotting
