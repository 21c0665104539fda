// The models of inspect.json files as one list, with names short enough to draw.
#pragma once

#include <string>
#include <vector>

#include "lib/core/json.h"
#include "reports/plot/selection.h"

namespace aigis::plotting {

struct PlottedInspection {
  std::string label;                ///< "aig-20"
  const Json* json;                 ///< of models[]
  const Json* data;                 ///< of its file
  std::vector<std::string> layers;  ///< names of the gated layers; empty for a model without gates

  bool gated() const { return !layers.empty(); }
  std::vector<std::string> classes() const;
  /// "10000 images of cifar10 (test)"
  std::string images() const;
};

/// All models of the inspections among `files`, which must outlive the list.
std::vector<PlottedInspection> inspected_models(const std::vector<Json>& files);

/// The gated model that is named, or the first. Throws InputError if there is none or the name is unknown.
PlottedInspection choose_inspected(const std::vector<Json>& files, const PlotSelection& selection);

}  // namespace aigis::plotting
