#include "reports/plot/cost_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/core/run_options.h"
#include "reports/plot/lines.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

/// Modes that tell what gates learnt by contrast, and that nobody would run for what they cost.
bool is_contrast(const std::string& mode) { return mode == "always" || mode == "marginal"; }

/// What models on one line share: all that shaped their weights but target rates and seeds.
std::string recipe_of(const Json& model) {
  Json options = at(model, {"options"}), config = at(model, {"training", "config"});
  if (options.is_object()) {
    for (const char* free : {"target_rate", "target_rates", kExecutionOption}) options.erase(free);
    for (const char* free : kGateOptions) options.erase(free);
  }
  if (config.is_object()) {
    for (const char* free : {"model", "seed", "cuda_graph"}) config.erase(free);
  }
  return text_at(model, {"architecture"}) + options.dump() + config.dump();
}

/// The name of each recipe's lines.
std::map<std::string, std::string> line_names(const std::vector<PlottedInspection>& models) {
  std::map<std::string, std::set<std::string>> recipes;  // of each architecture
  for (const auto& model : models) recipes[text_at(*model.json, {"architecture"})].insert(recipe_of(*model.json));
  std::map<std::string, std::string> names;
  for (const auto& model : models) {
    const std::string architecture = text_at(*model.json, {"architecture"});
    names.try_emplace(recipe_of(*model.json), recipes[architecture].size() == 1 ? architecture : model.label);
  }
  return names;
}

std::vector<LineSeries> series_of(const std::vector<PlottedInspection>& models) {
  std::vector<LineSeries> series;
  std::map<std::string, size_t> colors, styles, places;
  const auto names = line_names(models);
  for (const auto& model : models) {
    const std::string& line = names.at(recipe_of(*model.json));
    for (const auto& mode : at(*model.json, {"modes"})) {
      const std::string name = text_at(mode, {"mode"});
      const auto accuracy = share_of(at(mode, {"accuracy"}));
      if (!accuracy || is_contrast(name)) continue;
      const std::string label = name == "none" ? line : line + ", " + name;
      const auto [place, fresh] = places.try_emplace(label, series.size());
      if (fresh) {
        const size_t color = colors.try_emplace(line, colors.size()).first->second;
        series.push_back({label, color, styles.try_emplace(name, styles.size()).first->second, {}});
      }
      const double macs = mode.at("macs").get<double>() / 1e6;
      series[place->second].points.push_back(
          {macs, accuracy->value, accuracy->low, accuracy->high,
           fmt::format("{}, {}: {} at {:.1f} M multiply-accumulates", model.label, name, percent(accuracy), macs)});
    }
  }
  for (auto& line : series) {
    std::sort(line.points.begin(), line.points.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
  }
  return series;
}

}  // namespace

Figure cost_figure(const std::vector<PlottedInspection>& models) {
  const auto series = series_of(models);
  LinePanel panel;
  panel.top = 64;
  panel.label_width = label_width(series, panel.label_size);
  panel.height = std::max(260.0, label_height(series.size(), panel.label_size));
  double low = 1, high = 0, dearest = 0;
  for (const auto& line : series) {
    for (const auto& point : line.points) {
      low = std::min(low, point.low.value_or(point.y));
      high = std::max(high, point.high.value_or(point.y));
      dearest = std::max(dearest, point.x);
    }
  }
  panel.y_label = "Accuracy (%); with 95 % interval";
  panel.y_ticks = share_ticks(std::min(low, high), high, 5);
  panel.y_low = panel.y_ticks.front();
  panel.y_high = panel.y_ticks.back();
  panel.y_unit = 0.01;
  panel.x_label = "Mean multiply-accumulates of an image (millions)";
  panel.x_high = std::max(dearest * 1.04, 1e-3);
  panel.x_ticks = Axis(0, panel.x_high, 0, 1).round_values(7);
  Figure figure{"cost", "Accuracy against cost", "", width_around(panel), panel.top + panel.height + 50, ""};
  Canvas canvas;
  draw_title(canvas, figure);
  draw_lines(canvas, panel, series);
  for (const auto& line : series) {
    for (const auto& point : line.points) {
      figure.description += (figure.description.empty() ? "" : " ") + point.tooltip + ".";
    }
  }
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace aigis::plotting
