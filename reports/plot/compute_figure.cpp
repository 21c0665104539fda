#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "reports/plot/budget_axis.h"
#include "reports/plot/driven.h"
#include "reports/plot/driven_figures.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

LineSeries line_of(const DrivenModel& driven, const std::string& attack, size_t number, double full) {
  LineSeries line;
  line.label = attack;
  line.color = number;
  line.style = number / 7;  // colours repeat
  std::map<double, const PlottedRun*> runs;
  for (const auto* run : driven.runs) {
    if (run->attack == attack) runs[run->epsilon] = run;
  }
  const auto add = [&](double epsilon, const Json& run, const char* when) {
    auto share = share_of(number_at(run, {"macs", when}), at(run, {"macs", "ci95", when}));
    if (!share) return;
    share->value /= full;
    if (share->low) share->low = *share->low / full;
    if (share->high) share->high = *share->high / full;
    line.points.push_back({on_budget_axis(epsilon, driven.norm), share->value, share->low, share->high,
                           fmt::format("{}, ε {}: {}", attack, epsilon_text(epsilon, driven.norm), percent(share))});
  };
  add(0, *runs.begin()->second->json, "before");
  for (const auto& [epsilon, run] : runs) add(epsilon, *run->json, "after");
  return line;
}

Figure figure_of(const DrivenModel& driven, const RunList& list, const std::string& name) {
  const double full = std::max(1.0, number_at(*list.models[driven.model].json, {"macs", "full"}).value_or(1));
  Figure figure{name, fmt::format("Compute under each attack: {}", label_of(driven, list)), "", 0, 0, ""};
  std::vector<LineSeries> series;
  for (const auto& attack : driven.attacks()) series.push_back(line_of(driven, attack, series.size(), full));
  LinePanel panel;
  double low = 1;
  for (const auto& line : series) {
    for (const auto& point : line.points) low = std::min(low, point.y);
    if (line.points.empty()) continue;
    figure.description += fmt::format("{}{}: {} at the largest budget", figure.description.empty() ? "" : "; ",
                                      line.label, percent(std::optional(line.points.back().y)));
  }
  panel.title = figure.title;
  panel.y_label = "Executed multiply-accumulates (% of all)";
  panel.y_ticks = share_ticks(low, 1, 5);
  panel.y_low = panel.y_ticks.front();
  panel.y_high = panel.y_ticks.back();
  panel.y_unit = 0.01;
  constexpr size_t kMostBands = 4;  // more would hide each other; every point says its interval
  panel.bands = series.size() <= kMostBands;
  panel.subtitle =
      fmt::format("Mean over the images{}; clean images at 0", panel.bands ? "; shaded: 95 % interval" : "");
  set_budget_axis(panel, series, driven.norm);
  panel.top = 66;
  panel.height = std::max(panel.height, label_height(series.size(), panel.label_size));
  panel.label_width = label_width(series, panel.label_size);
  draw_figure(figure, panel, series);
  return figure;
}

}  // namespace

std::vector<Figure> compute_figures(const RunList& list) {
  std::vector<Figure> figures;
  for (const auto& driven : driven_models(list)) {
    if (driven.attacks().size() < 2) continue;
    figures.push_back(figure_of(driven, list, fmt::format("compute-{}", figures.size() + 1)));
  }
  return figures;
}

}  // namespace aigis::plotting
