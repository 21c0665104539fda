#include "reports/plot/driven.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/plot/value.h"

namespace aigis::plotting {

std::vector<std::string> DrivenModel::attacks() const {
  std::vector<std::string> names;
  for (const auto* run : runs) {
    if (std::find(names.begin(), names.end(), run->attack) == names.end()) names.push_back(run->attack);
  }
  return names;
}

double DrivenModel::largest_budget() const {
  double largest = 0;
  for (const auto* run : runs) largest = std::max(largest, run->epsilon);
  return largest;
}

std::vector<const PlottedRun*> DrivenModel::at_largest() const {
  std::vector<const PlottedRun*> chosen;
  for (const auto* run : runs) {
    if (run->epsilon == largest_budget()) chosen.push_back(run);
  }
  return chosen;
}

std::vector<DrivenModel> driven_models(const RunList& list) {
  std::vector<DrivenModel> models;
  for (const auto& run : list.runs) {
    if (run.is_clean() || !at(*run.json, {"gates"}).is_object()) continue;
    auto same = std::find_if(models.begin(), models.end(), [&](const DrivenModel& d) {
      return d.model == run.model && d.setting == run.setting && d.norm == run.norm;
    });
    if (same == models.end()) same = models.insert(same, {run.model, run.setting, run.norm, {}});
    same->runs.push_back(&run);
  }
  return models;
}

std::string label_of(const DrivenModel& driven, const RunList& list) {
  return list.models[driven.model].label + (driven.setting == "no defense" ? "" : ", " + driven.setting);
}

}  // namespace aigis::plotting
