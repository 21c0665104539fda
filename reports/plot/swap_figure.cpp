#include "reports/plot/swap_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "reports/plot/budget_axis.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

struct Part {
  const char* label;
  std::initializer_list<const char*> place;  ///< in a run
};
const std::array<Part, 4>& parts() {
  static const std::array<Part, 4> list{{
      {"clean image, clean gates", {"accuracy", "clean"}},
      {"clean image, adversarial gates", {"gates", "swap", "clean_on_adversarial_gates"}},
      {"adversarial image, clean gates", {"gates", "swap", "adversarial_on_clean_gates"}},
      {"adversarial image, adversarial gates", {"accuracy", "robust"}},
  }};
  return list;
}

using Runs = std::map<double, const PlottedRun*>;  ///< by epsilon

std::string damage_text(const Json& damage) {
  const auto points = [](std::optional<double> share) { return share ? fmt::format("{:.1f}", 100 * *share) : "–"; };
  const Json& ends = at(damage, {"ci95"});
  const bool known = ends.is_array() && ends.size() == 2 && ends[0].is_number() && ends[1].is_number();
  return points(number_at(damage, {"value"})) +
         (known ? fmt::format(" [{}, {}]", points(ends[0].get<double>()), points(ends[1].get<double>())) : "");
}

LineSeries line_of(const Part& part, size_t number, const Runs& runs) {
  LineSeries line;
  line.label = part.label;
  line.color = line.style = number;
  const auto add = [&](double x, const Json& proportion, const std::string& where) {
    if (const auto share = share_of(proportion)) {
      line.points.push_back(
          {x, share->value, share->low, share->high, fmt::format("{}, {}: {}", part.label, where, percent(share))});
    }
  };
  const Json& first = *runs.begin()->second->json;
  add(0, at(first, {"accuracy", "clean"}), "no attack");
  for (const auto& [epsilon, run] : runs) {
    if (epsilon == 0) continue;
    add(on_budget_axis(epsilon, run->norm), at(*run->json, part.place), "ε " + epsilon_text(epsilon, run->norm));
  }
  return line;
}

Figure figure_of(const Runs& runs, const RunList& list, const std::string& name) {
  const PlottedRun& run = *runs.begin()->second;
  Figure figure{name, fmt::format("{} under {}: image and gates swapped", list.models[run.model].label, run.attack),
                "",   0,
                0,    ""};
  std::vector<LineSeries> series;
  for (size_t i = 0; i < parts().size(); ++i) series.push_back(line_of(parts()[i], i, runs));
  const PlottedRun& last = *runs.rbegin()->second;
  const Json& damage = at(*last.json, {"gates", "swap", "damage"});
  LinePanel panel;
  panel.title = figure.title;
  panel.subtitle = fmt::format("Damage at ε {} in points: by the graph {}, by the features {}, both {}",
                               epsilon_text(last.epsilon, last.norm), damage_text(at(damage, {"graph"})),
                               damage_text(at(damage, {"features"})), damage_text(at(damage, {"both"})));
  figure.description = panel.subtitle;
  panel.y_label = "Accuracy (%)";
  panel.y_ticks = {0, 0.2, 0.4, 0.6, 0.8, 1};
  panel.y_unit = 0.01;
  set_budget_axis(panel, series, run.norm);
  panel.top = 66;
  panel.label_width = 330;
  draw_figure(figure, panel, series);
  return figure;
}

}  // namespace

bool swaps_gates(const PlottedRun& run) { return !run.is_clean() && at(*run.json, {"gates", "swap"}).is_object(); }

std::vector<Figure> swap_figures(const RunList& list) {
  std::vector<std::tuple<size_t, std::string, std::string>> order;
  std::vector<Runs> groups;
  for (const auto& run : list.runs) {
    if (!swaps_gates(run)) continue;
    const std::tuple key(run.model, run.attack, run.setting + run.norm);
    const auto found = std::find(order.begin(), order.end(), key);
    const auto place = static_cast<size_t>(found - order.begin());
    if (found == order.end()) {
      order.push_back(key);
      groups.emplace_back();
    }
    groups[place][run.epsilon] = &run;
  }
  std::vector<Figure> figures;
  for (size_t i = 0; i < groups.size(); ++i) {
    figures.push_back(figure_of(groups[i], list, fmt::format("swap-{}", i + 1)));
  }
  return figures;
}

}  // namespace aigis::plotting
