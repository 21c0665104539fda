#include "reports/plot/adaptivity_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/core/error.h"
#include "reports/plot/axis.h"
#include "reports/plot/layer_axis.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

constexpr double kLeft = 56, kTop = 104, kHeight = 220;
constexpr const char* kPoint = "class=\"c1\" color=\"#d55e00\"";

void draw_key(Canvas& canvas) {
  canvas.rect(8, kTop - 47, 12, 12, paint::before);
  canvas.text(26, kTop - 37, "images that execute the layer", {});
  canvas.begin(kPoint).diamond(224, kTop - 41, "key").end();
  canvas.text(234, kTop - 37, "the gate's variance that is due to the image, with 95 % interval", {});
}

}  // namespace

bool is_random(const PlottedInspection& model) { return !at(*model.json, {"execution", "adaptivity"}).empty(); }

Figure adaptivity_figure(const PlottedInspection& model, const std::string& name) {
  if (!is_random(model)) {
    throw InputError(fmt::format("figure 'adaptivity': the gates of {} were not drawn several times", model.label));
  }
  const double step = layer_step(model.layers.size(), 640);
  const double right = kLeft + step * static_cast<double>(model.layers.size()), bottom = kTop + kHeight;
  Figure figure{name, "How adaptive each gate is: " + model.label, "", std::max(right + 16, 640.0), bottom + 66, ""};
  const Json& rates = at(*model.json, {"execution", "per_layer"});
  const Json& shares = at(*model.json, {"execution", "adaptivity"});
  Canvas canvas;
  draw_title(canvas, figure);
  const std::string facts =
      fmt::format("{}; 0: the same coin for every image, 100: the image alone decides", model.images());
  canvas.text(8, 40, fit_text(facts, 11.5, figure.width - 16), {.size = 11.5, .paint = paint::soft});
  draw_key(canvas);
  const Axis y(0, 1, bottom, kTop);
  canvas.text(8, kTop - 14, "%", {.paint = paint::soft});
  for (const double value : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) {
    canvas.line(kLeft, y.at(value), right, y.at(value), paint::grid);
    canvas.text(kLeft - 8, y.at(value) + 4, tick_text(value * 100), {.anchor = "end", .paint = paint::soft},
                "data-axis=\"y\"");
  }
  double sum = 0, known = 0;
  for (size_t l = 0; l < model.layers.size(); ++l) {
    const double centre = kLeft + step * (static_cast<double>(l) + 0.5), rate = rates[l].get<double>();
    canvas.rect(centre - step * 0.35, y.at(rate), step * 0.7, bottom - y.at(rate), paint::before,
                fmt::format("{} runs for {}", model.layers[l], percent(std::optional(rate))));
    if (l >= shares.size()) continue;
    const auto share = number_at(shares[l], {"share"});
    if (!share) continue;
    sum += *share;
    ++known;
    canvas.begin(kPoint);
    const Json& interval = at(shares[l], {"ci95"});
    if (interval.is_array()) {
      canvas.line(centre, y.at(interval[0].get<double>()), centre, y.at(interval[1].get<double>()),
                  "stroke=\"currentColor\" stroke-width=\"2\"");
    }
    canvas.diamond(centre, y.at(*share), "share",
                   fmt::format("{}: {} of its variance is due to the image", model.layers[l], percent(share)));
    canvas.end();
  }
  draw_layer_axis(canvas, model.layers, kLeft, step, bottom);
  if (known > 0) {
    figure.description = fmt::format("On average over {:.0f} layers {} of a gate's variance is due to the image.",
                                     known, percent(std::optional(sum / known)));
  }
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace aigis::plotting
