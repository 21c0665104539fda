// Which layers run, before and after an attack: the right half of Fig. 7 of the ConvNet-AIG paper.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/plot/runs.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

/// One run and the images of it to look at.
struct GatesChoice {
  const PlottedRun* run = nullptr;
  std::optional<size_t> klass;  ///< label of one class; all images if absent
};

/// The run of a gated model that comes nearest to a selection; an InputError where none has gates or a name is
/// unknown.
GatesChoice choose_gates(const RunList& list, const PlotSelection& selection);

/// Rates per layer of the chosen images, on clean ("before") or adversarial images ("after"); empty if there are none.
std::vector<double> gate_rates(const GatesChoice& choice, const char* when);

/// Where the bars stand: a rate of 0 is at `bottom`, a rate of 1 is `height` above it.
struct GatesPlace {
  double bottom, height;
};
GatesPlace gates_place();

/// Paired bars per layer.
Figure gates_figure(const RunList& list, const GatesChoice& choice, const std::string& name = "gates");

}  // namespace aigis::plotting
