#include "reports/plot/modes_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/plot/share_mark.h"

namespace aigis::plotting {

Figure modes_figure(const std::vector<PlottedInspection>& models) {
  constexpr double left = 112, width = 300, row = 20, top = 66;
  double low = 1, high = 0, rows = 0;
  for (const auto& model : models) {
    for (const auto& mode : at(*model.json, {"modes"})) {
      const auto accuracy = share_of(at(mode, {"accuracy"}));
      if (!accuracy) continue;
      low = std::min(low, accuracy->low.value_or(accuracy->value));
      high = std::max(high, accuracy->high.value_or(accuracy->value));
      ++rows;
    }
    rows += 1.4;
  }
  const auto ticks = share_ticks(std::min(low, high), high, 6);
  const Axis x(ticks.front(), ticks.back(), left, left + width);
  const double bottom = top + rows * row;
  Figure figure{"modes", "Accuracy by the way gates decide", "", left + width + 330, bottom + 44, ""};
  Canvas canvas;
  draw_title(canvas, figure);
  canvas.text(left + width + 14, top - 12, "accuracy [95 %]", {.size = 11, .paint = paint::soft});
  canvas.text(left + width + 150, top - 12, "layers run", {.size = 11, .paint = paint::soft});
  canvas.text(left + width + 250, top - 12, "MACs", {.size = 11, .paint = paint::soft});
  for (const double tick : ticks) {
    canvas.line(x.at(tick), top, x.at(tick), bottom, paint::grid);
    canvas.text(x.at(tick), bottom + 16, tick_text(100 * tick), {.anchor = "middle", .paint = paint::soft},
                "data-axis=\"x\"");
  }
  canvas.text(left + width / 2, bottom + 34, "Accuracy (%)", {.anchor = "middle", .paint = paint::soft});
  double y = top;
  for (size_t i = 0; i < models.size(); ++i) {
    canvas.text(8, y + row * 0.9, fit_text(models[i].label, 12, left + width - 16), {.bold = true});
    y += row * 1.4;
    canvas.begin(series_color(i));
    for (const auto& mode : at(*models[i].json, {"modes"})) {
      const auto accuracy = share_of(at(mode, {"accuracy"}));
      if (!accuracy) continue;
      const std::string name = text_at(mode, {"mode"}) == "none" ? "no gates" : text_at(mode, {"mode"});
      const double middle = y + row / 2;
      canvas.text(left - 10, middle + 4, name, {.anchor = "end"});
      draw_share(canvas, x, middle, *accuracy, "mode",
                 fmt::format("{}, {}: {}", models[i].label, name, percent(accuracy)));
      canvas.text(left + width + 14, middle + 4, percent(accuracy), {.size = 11});
      const auto layers = number_at(mode, {"executed_layers", "mean"});
      canvas.text(left + width + 150, middle + 4,
                  layers ? fmt::format("{:.2f} of {}", *layers, models[i].layers.size()) : "–", {.size = 11});
      canvas.text(left + width + 250, middle + 4, magnitude(number_at(mode, {"macs"})), {.size = 11});
      figure.description +=
          fmt::format("{}{}, {}: {}.", figure.description.empty() ? "" : " ", models[i].label, name, percent(accuracy));
      y += row;
    }
    canvas.end();
  }
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace aigis::plotting
