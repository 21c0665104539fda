// Which attack is strongest: all attacks of the reports beside each other.
#pragma once

#include "reports/plot/runs.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// A line per attack, the strongest first, in a group for each defense and access; a panel per budget; a mark with its
/// interval per model.
Figure attacks_figure(const RunList& list);

}  // namespace aigis::plotting
