#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "reports/plot/driven.h"
#include "reports/plot/driven_figures.h"
#include "reports/plot/lines.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

double on_axis(double epsilon, const std::string& norm) { return norm == "linf" ? epsilon * 255 : epsilon; }

LineSeries line_of(const DrivenModel& driven, const std::string& attack, size_t number, double full) {
  LineSeries line;
  line.label = attack;
  line.color = number;
  line.style = number / 7;  // colours repeat
  std::map<double, const PlottedRun*> runs;
  for (const auto* run : driven.runs) {
    if (run->attack == attack) runs[run->epsilon] = run;
  }
  const auto add = [&](double epsilon, std::optional<double> macs) {
    if (!macs) return;
    const double share = *macs / full;
    line.points.push_back(
        {on_axis(epsilon, driven.norm),
         share,
         {},
         {},
         fmt::format("{}, ε {}: {}", attack, epsilon_text(epsilon, driven.norm), percent(std::optional(share)))});
  };
  add(0, number_at(*runs.begin()->second->json, {"macs", "before"}));
  for (const auto& [epsilon, run] : runs) add(epsilon, number_at(*run->json, {"macs", "after"}));
  return line;
}

Figure figure_of(const DrivenModel& driven, const RunList& list, const std::string& name) {
  const double full = std::max(1.0, number_at(*list.models[driven.model].json, {"macs", "full"}).value_or(1));
  Figure figure{name, fmt::format("Compute under each attack: {}", label_of(driven, list)), "", 0, 0, ""};
  std::vector<LineSeries> series;
  for (const auto& attack : driven.attacks()) series.push_back(line_of(driven, attack, series.size(), full));
  LinePanel panel;
  std::set<double> budgets;
  double low = 1, widest = 0;
  for (const auto& line : series) {
    widest = std::max(widest, text_width(line.label, panel.label_size));
    for (const auto& point : line.points) {
      budgets.insert(point.x);
      low = std::min(low, point.y);
    }
    if (line.points.empty()) continue;
    figure.description += fmt::format("{}{}: {} at the largest budget", figure.description.empty() ? "" : "; ",
                                      line.label, percent(std::optional(line.points.back().y)));
  }
  panel.title = figure.title;
  panel.subtitle = "Mean over the images; clean images at 0";
  panel.x_label = driven.norm == "linf" ? "Largest change of a pixel value, ε in units of 1/255"
                                        : "Size of the change, ε with pixels in [0, 1]";
  panel.y_label = "Executed multiply-accumulates (% of all)";
  panel.y_ticks = share_ticks(low, 1, 5);
  panel.y_low = panel.y_ticks.front();
  panel.y_high = panel.y_ticks.back();
  panel.y_unit = 0.01;
  panel.bands = false;
  panel.x_high = budgets.empty() ? 1 : *budgets.rbegin();
  panel.x_ticks.assign(budgets.begin(), budgets.end());
  panel.top = 66;
  panel.height = std::max(panel.height, label_height(series.size(), panel.label_size));
  panel.label_width = std::clamp(widest + 84, 150.0, 660.0);
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
