// The list of figures that exist: one line each, for the flag --figure, for folders and for the page.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/core/json.h"
#include "reports/plot/selection.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

struct FigureKind {
  std::string name;                ///< what --figure takes
  std::string schema;              ///< of the files that it draws: "aigis-report"
  std::vector<std::string> takes;  ///< the flags of a selection that it heeds
  /// One figure for a selection; an InputError where it names what does not exist.
  std::function<Figure(const std::vector<Json>&, const PlotSelection&)> one;
  /// Every figure of this kind that there is something for.
  std::function<std::vector<Figure>(const std::vector<Json>&)> all;
};

const std::vector<FigureKind>& figure_kinds();

/// Whether one of the files is of a schema.
bool holds(const std::vector<Json>& files, const std::string& schema);

/// The figure that a selection names, or else the first that heeds the selection and has something to draw.
Figure chosen_figure(const std::vector<Json>& files, const PlotSelection& selection);

}  // namespace aigis::plotting
