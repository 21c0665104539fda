#include "reports/plot/layers_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "reports/plot/axis.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

constexpr double kLeft = 56, kTop = 104, kHeight = 200, kWidth = 520;

}  // namespace

Figure layers_figure(const PlottedInspection& model, const std::string& name) {
  const auto counts = at(*model.json, {"execution", "histogram"}).get<std::vector<int64_t>>();
  const double total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  const Json& first = at(*model.json, {"modes"}).at(0);
  const double mean = number_at(first, {"executed_layers", "mean"}).value_or(0);
  const double deviation = number_at(first, {"executed_layers", "deviation"}).value_or(0);
  const size_t most = model.layers.size();
  const double bottom = kTop + kHeight, step = kWidth / static_cast<double>(most + 1);
  Figure figure{name, "Layers run for an image: " + model.label, "", kLeft + kWidth + 16, bottom + 50, ""};
  figure.description =
      fmt::format("Of {} gated layers {:.2f} run on average, with a deviation of {:.2f}.", most, mean, deviation);
  Canvas canvas;
  draw_title(canvas, figure);
  canvas.text(
      8, 40,
      fit_text(fmt::format("{}, gates {}, {} draws", model.images(), text_at(*model.json, {"execution", "mode"}),
                           text_at(*model.json, {"execution", "draws"})),
               11.5, figure.width - 16),
      {.size = 11.5, .paint = paint::soft});
  double highest = 0;
  for (const auto count : counts) highest = std::max(highest, total > 0 ? static_cast<double>(count) / total : 0);
  auto ticks = Axis(0, std::max(highest, 1e-3), 0, 1).round_values(5);
  ticks.push_back(2 * ticks.back() - ticks[ticks.size() - 2]);
  const Axis x(-0.5, static_cast<double>(most) + 0.5, kLeft, kLeft + kWidth), y(0, ticks.back(), bottom, kTop);
  canvas.text(8, kTop - 38, "Share of passes (%)", {.paint = paint::soft});
  for (const double tick : ticks) {
    canvas.line(kLeft, y.at(tick), kLeft + kWidth, y.at(tick), paint::grid);
    canvas.text(kLeft - 8, y.at(tick) + 4, tick_text(100 * tick), {.anchor = "end", .paint = paint::soft},
                "data-axis=\"y\"");
  }
  std::vector<double> numbers;
  for (size_t ran = 0; ran < counts.size(); ++ran) {
    const double share = total > 0 ? static_cast<double>(counts[ran]) / total : 0;
    const auto value = static_cast<double>(ran);
    numbers.push_back(value);
    canvas.rect(x.at(value) - step * 0.4, y.at(share), step * 0.8, bottom - y.at(share),
                fmt::format("{} data-ran=\"{}\"", paint::before, ran),
                fmt::format("{} layers: {}", ran, percent(std::optional(share))));
  }
  canvas.line(kLeft, bottom, kLeft + kWidth, bottom, paint::axis);
  for (const double value : x.labels_that_fit(numbers, 12)) {
    canvas.text(x.at(value), bottom + 18, tick_text(value), {.anchor = "middle", .paint = paint::soft});
  }
  canvas.text(kLeft + kWidth / 2, bottom + 38, fmt::format("Gated layers that ran, of {}", most),
              {.anchor = "middle", .paint = paint::soft});
  const auto inside = [&](double value) { return x.at(std::clamp(value, x.low(), x.high())); };
  canvas.line(inside(mean - deviation), kTop - 8, inside(mean + deviation), kTop - 8,
              "class=\"c1\" color=\"#d55e00\" stroke=\"currentColor\" stroke-width=\"3\"");
  canvas.line(x.at(mean), kTop - 14, x.at(mean), bottom,
              "class=\"c1\" color=\"#d55e00\" stroke=\"currentColor\" stroke-width=\"1.5\" stroke-dasharray=\"4 3\"");
  const std::string label = fmt::format("mean {:.2f}, deviation {:.2f}", mean, deviation);
  const double half = text_width(label, 12) / 2;
  canvas.text(std::clamp(x.at(mean), kLeft + half, kLeft + kWidth - half), kTop - 20, label, {.anchor = "middle"});
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace aigis::plotting
