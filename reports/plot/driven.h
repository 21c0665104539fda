// The attacks on one gated model behind one defense, in the order of a report: what three figures draw.
#pragma once

#include <string>
#include <vector>

#include "reports/plot/runs.h"

namespace aigis::plotting {

struct DrivenModel {
  size_t model = 0;
  std::string setting, norm;
  std::vector<const PlottedRun*> runs;  ///< all budgets above 0

  std::vector<std::string> attacks() const;
  double largest_budget() const;
  /// The runs at the largest budget, one for each attack.
  std::vector<const PlottedRun*> at_largest() const;
};

/// Gated models under attack.
std::vector<DrivenModel> driven_models(const RunList& list);

/// "aig-20 gates=argmax, JPEG, white-box"
std::string label_of(const DrivenModel& driven, const RunList& list);

}  // namespace aigis::plotting
