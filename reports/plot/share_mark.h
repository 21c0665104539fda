// A share with its interval, as a mark on a horizontal axis.
#pragma once

#include "reports/plot/axis.h"
#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {

/// A diamond at the value and a line from bound to bound, where there are bounds, in the colour of the group.
void draw_share(Canvas& canvas, const Axis& x, double y, const Share& share, std::string_view name,
                std::string_view tooltip);

}  // namespace aigis::plotting
