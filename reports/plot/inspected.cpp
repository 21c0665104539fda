#include "reports/plot/inspected.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/core/error.h"
#include "lib/core/text.h"
#include "reports/plot/value.h"

namespace aigis::plotting {

std::vector<std::string> PlottedInspection::classes() const {
  std::vector<std::string> names;
  for (const auto& name : at(*data, {"classes"})) names.push_back(text_of(name));
  return names;
}

std::string PlottedInspection::images() const {
  return fmt::format("{} images of {} ({})", text_at(*data, {"count"}), text_at(*data, {"name"}),
                     text_at(*data, {"split"}));
}

std::vector<PlottedInspection> inspected_models(const std::vector<Json>& files) {
  std::vector<PlottedInspection> models;
  for (const auto& file : files) {
    if (text_at(file, {"schema"}) != "aigis-inspect") continue;
    for (const auto& model : at(file, {"models"})) {
      PlottedInspection made{short_id(text_at(model, {"id"})), &model, &at(file, {"data"}), {}};
      for (const auto& layer : at(model, {"gates", "layers"})) made.layers.push_back(text_at(layer, {"name"}));
      const auto same = std::count_if(models.begin(), models.end(), [&](const auto& m) {
        return m.label == made.label || m.label.starts_with(made.label + " (");
      });
      if (same > 0) made.label += fmt::format(" ({})", same + 1);
      models.push_back(std::move(made));
    }
  }
  return models;
}

PlottedInspection choose_inspected(const std::vector<Json>& files, const PlotSelection& selection) {
  std::vector<std::string> labels;
  for (auto& model : inspected_models(files)) {
    if (!model.gated()) continue;
    labels.push_back(model.label);
    const bool named = selection.model == model.label || selection.model == text_at(*model.json, {"id"});
    if (selection.model.empty() || named) return model;
  }
  if (labels.empty()) throw InputError("no inspected model has gates; this figure needs one");
  throw InputError(unknown_name("model", selection.model, labels));
}

}  // namespace aigis::plotting
