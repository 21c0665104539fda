#include "reports/plot/gates_by_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/plot/gates_figure.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

RunList gated_runs(const RunList& list) {
  RunList gated = list;
  std::erase_if(gated.runs, [](const PlottedRun& run) { return !at(*run.json, {"gates"}).is_object(); });
  return gated;
}

std::string menu(const std::string& name, const std::string& label, const std::vector<std::string>& options) {
  std::string items;
  for (const auto& option : options) items += fmt::format("<option>{}</option>", escape(option));
  return fmt::format("<label>{}<select name=\"{}\">{}</select></label>\n", label, name, items);
}

/// The menus; the script fills all but the first, and without it they stay hidden.
std::string controls(const RunList& gated, const GatesChoice& choice) {
  std::string models;
  for (size_t i = 0; i < gated.models.size(); ++i) {
    if (std::none_of(gated.runs.begin(), gated.runs.end(), [&](const auto& run) { return run.model == i; })) continue;
    models += fmt::format("<option value=\"{}\"{}>{}</option>", i, i == choice.run->model ? " selected" : "",
                          escape(gated.models[i].label));
  }
  return "<form id=\"choose\" hidden>\n<label>Model<select name=\"model\">" + models + "</select></label>\n" +
         menu("attack", "Attack", {choice.run->attack}) + menu("setting", "Defense and access", {choice.run->setting}) +
         menu("budget", "Budget ε", {epsilon_text(choice.run->epsilon, choice.run->norm)}) +
         menu("class", "Images", {}) + "</form>\n";
}

}  // namespace

std::string gates_by_model(const RunList& list) {
  const RunList gated = gated_runs(list);
  if (gated.runs.empty()) return "";
  const GatesChoice first = choose_gates(gated, {});
  std::string html = controls(gated, first);
  for (size_t i = 0; i < gated.models.size(); ++i) {
    RunList of_model = gated;
    std::erase_if(of_model.runs, [&](const PlottedRun& run) { return run.model != i; });
    if (of_model.runs.empty()) continue;
    const GatesPlace place = gates_place();
    html += fmt::format("<figure data-model=\"{}\" data-bottom=\"{}\" data-height=\"{}\"{}>\n{}</figure>\n", i,
                        coordinate(place.bottom), coordinate(place.height), i == first.run->model ? "" : " hidden",
                        inline_svg(gates_figure(of_model, choose_gates(of_model, {}), fmt::format("gates-{}", i))));
  }
  return html;
}

Json index_of(const RunList& list) {
  Json index = Json::array();
  for (const auto& run : gated_runs(list).runs) {
    index.push_back({run.file, run.index, run.model, run.attack, run.setting, epsilon_text(run.epsilon, run.norm)});
  }
  return index;
}

}  // namespace aigis::plotting
