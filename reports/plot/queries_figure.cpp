#include "reports/plot/queries_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/plot/lines.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

/// Broken images over all. Those that are wrong without an attack break after 0 answers; a nested run of an earlier
/// version leaves them out.
LineSeries line_of(const PlottedRun& run, const RunList& list) {
  LineSeries line;
  line.label = fmt::format("{}, {}, {}, ε {}", list.models[run.model].label, run.attack, run.setting,
                           epsilon_text(run.epsilon, run.norm));
  line.color = run.model;
  line.style = static_cast<size_t>(&run - list.runs.data());
  const double images = number_at(*run.json, {"count"}).value_or(0);
  const double wrong = images - number_at(*run.json, {"accuracy", "clean", "successes"}).value_or(images);
  const Json& entries = at(*run.json, {"queries", "to_success"});
  const bool has_wrong = std::any_of(entries.begin(), entries.end(), [](const Json& entry) {
    return entry.is_array() && !entry.empty() && entry[0] == 0;
  });
  double broken = at(*run.json, {"nested"}) == true && !has_wrong ? wrong : 0;
  const auto add = [&](double queries) {
    const double share = images > 0 ? broken / images : 0;
    line.points.push_back({queries,
                           share,
                           {},
                           {},
                           fmt::format("{}, {:.0f} answers: {}", line.label, queries, percent(std::optional(share)))});
  };
  add(0);
  for (const Json& entry : entries) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_number() || !entry[1].is_number()) continue;
    broken += entry[1].get<double>();
    add(entry[0].get<double>());
  }
  return line;
}

}  // namespace

bool counts_queries(const PlottedRun& run) { return at(*run.json, {"queries", "to_success"}).is_array(); }

Figure queries_figure(const RunList& list) {
  Figure figure{"queries", "Images broken after so many answers of the model", "", 0, 0, ""};
  std::vector<LineSeries> series;
  for (const auto& run : list.runs) {
    if (counts_queries(run)) series.push_back(line_of(run, list));
  }
  LinePanel panel;
  panel.title = figure.title;
  panel.subtitle = "Images that are wrong without an attack among them";
  panel.x_label = "Answers of the model, on the scale log(1 + answers)";
  panel.y_label = "Broken (%)";
  panel.x_scale = Scale::log1p;
  panel.y_ticks = {0, 0.2, 0.4, 0.6, 0.8, 1};
  panel.y_unit = 0.01;
  panel.markers = panel.bands = false;
  panel.top = 66;
  panel.x_high = 1;
  for (const auto& line : series) {
    panel.x_high = std::max(panel.x_high, line.points.back().x);
    figure.description += fmt::format("{}{}: {} within {:.0f} answers.", figure.description.empty() ? "" : " ",
                                      line.label, percent(std::optional(line.points.back().y)), line.points.back().x);
  }
  // A line runs on to the end where nothing is broken any more.
  for (auto& line : series) {
    LinePoint last = line.points.back();
    last.x = panel.x_high;
    line.points.push_back(last);
  }
  for (double tick = 1; tick <= panel.x_high; tick *= 10) panel.x_ticks.push_back(tick);
  panel.x_ticks.insert(panel.x_ticks.begin(), 0);
  panel.height = std::max(panel.height, label_height(series.size(), panel.label_size));
  panel.label_width = label_width(series, panel.label_size);
  draw_figure(figure, panel, series);
  return figure;
}

}  // namespace aigis::plotting
