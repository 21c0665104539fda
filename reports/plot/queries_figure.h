// How soon black-box attacks succeed: the share of images that are broken after so many answers of the model.
#pragma once

#include "reports/plot/runs.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// Whether a run says after how many answers its images were broken.
bool counts_queries(const PlottedRun& run);

/// A line for each such run.
Figure queries_figure(const RunList& list);

}  // namespace aigis::plotting
