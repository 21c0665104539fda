#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/plot/driven.h"
#include "reports/plot/driven_figures.h"
#include "reports/plot/heat_map.h"
#include "reports/plot/layer_axis.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

constexpr double kTop = 76, kRow = 22;

struct RateRow {
  std::string name;
  std::vector<double> rates;
};

RateRow row_of(const std::string& name, const Json& gates) {
  const Json& rates = at(gates, {"per_layer"});
  return {name, rates.is_array() ? rates.get<std::vector<double>>() : std::vector<double>{}};
}

Figure figure_of(const DrivenModel& driven, const RunList& list, const std::string& name) {
  std::vector<RateRow> rows{row_of("no attack", at(*driven.runs.front()->json, {"gates", "before"}))};
  for (const auto* run : driven.at_largest()) rows.push_back(row_of(run->attack, at(*run->json, {"gates", "after"})));
  const auto& layers = list.models[driven.model].layers;
  double left = 60;
  for (const auto& row : rows) left = std::max(left, text_width(row.name, 12) + 24);
  const double step = layer_step(layers.size(), 600), right = left + step * static_cast<double>(layers.size());
  const double bottom = kTop + kRow * static_cast<double>(rows.size());
  Figure figure{name,        fmt::format("Layers that run under each attack (%): {}", label_of(driven, list)),
                "",          std::max(right + 70, 560.0),
                bottom + 66, ""};
  Canvas canvas;
  draw_title(canvas, figure);
  canvas.text(8, 40, fmt::format("ε {}; all images", epsilon_text(driven.largest_budget(), driven.norm)),
              {.size = 11.5, .paint = paint::soft});
  draw_color_bar(canvas, left + 135, kTop - 19);
  canvas.text(right + 10, kTop - 9, "mean", {.size = 11, .paint = paint::soft});
  for (size_t place = 0; place < rows.size(); ++place) {
    const RateRow& row = rows[place];
    const double y = kTop + kRow * static_cast<double>(place);
    canvas.text(left - 8, y + kRow / 2 + 4, row.name, {.anchor = "end"}, "data-row=\"\"");
    const double mean = draw_rates(canvas, left, y, step, kRow, row.name, layers, row.rates);
    figure.description +=
        fmt::format("{}{}: {} of the layers run", place > 0 ? "; " : "", row.name, percent(std::optional(mean)));
  }
  draw_layer_axis(canvas, layers, left, step, bottom);
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace

std::vector<Figure> rates_figures(const RunList& list) {
  std::vector<Figure> figures;
  for (const auto& driven : driven_models(list)) {
    if (driven.attacks().size() < 2) continue;
    figures.push_back(figure_of(driven, list, fmt::format("rates-{}", figures.size() + 1)));
  }
  return figures;
}

}  // namespace aigis::plotting
