// Figures of reports, train.json and inspect.json files. Whatever is drawn comes from the JSON; nothing else is read.
#pragma once

#include <string>
#include <vector>

#include "lib/core/json.h"
#include "reports/plot/selection.h"

namespace aigis {

/// One figure as a complete SVG file. Throws InputError on a figure, model, class or budget that does not exist.
std::string render_svg(const std::vector<Json>& files, const PlotSelection& selection = {});

/// One page with every figure, all runs as a table, and where the numbers come from. It needs no network; where
/// scripts run, the reader chooses what the figure of gates shows.
std::string render_html(const std::vector<Json>& files);

/// Reads and validates `paths`, and writes `out`: a page (.html), one figure (.svg), or a folder with every figure
/// and the page as index.html. A selection picks one figure, so it goes with .svg alone. Throws InputError before
/// anything is written, RunError when writing fails.
void plot(const std::vector<std::string>& paths, const std::string& out, const PlotSelection& selection = {});

}  // namespace aigis
