#include "reports/plot/gates_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <tuple>

#include "lib/core/error.h"
#include "lib/core/text.h"
#include "reports/plot/axis.h"
#include "reports/plot/layer_axis.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

constexpr double kLeft = 56, kTop = 111, kHeight = 220, kBottom = 62;
constexpr double kUsualEpsilon = 12.0 / 255;  // 0.047, that of the paper's figure

void draw_rate_axis(Canvas& canvas, const Axis& y, double right) {
  canvas.text(8, kTop - 12, "Images that execute the layer (%)", {.paint = paint::soft});
  for (const double value : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) {
    canvas.line(kLeft, y.at(value), right, y.at(value), paint::grid);
    canvas.text(kLeft - 8, y.at(value) + 4, tick_text(value * 100), {.anchor = "end", .paint = paint::soft},
                "data-axis=\"y\"");
  }
}

/// The two bars of each layer. Without a rate a bar lies flat, so that the page's script has something to raise.
void draw_bars(Canvas& canvas, const std::vector<std::string>& layers, const std::vector<double>& before,
               const std::vector<double>& after, const Axis& y, double step) {
  const double bar = step * 0.38, pad = step * 0.11;
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto draw = [&](const std::vector<double>& rates, double x, const char* paint, const char* when) {
      const double rate = i < rates.size() ? rates[i] : 0;
      canvas.rect(x, y.at(rate), bar, y.at(0) - y.at(rate), fmt::format("{} data-layer=\"{}\"", paint, i),
                  fmt::format("{} {}: {:.1f} %", layers[i], when, rate * 100));
    };
    const double left = kLeft + step * static_cast<double>(i) + pad;
    draw(before, left, paint::before, "before");
    draw(after, left + bar + step * 0.02, paint::after, "after");
  }
}

double mean(const std::vector<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void draw_legend(Canvas& canvas, double before, double after, bool any) {
  const auto entry = [&](double x, const char* paint, const char* part, const std::string& text) {
    canvas.rect(x, kTop - 45, 12, 12, paint);
    canvas.text(x + 18, kTop - 35, text, {}, fmt::format("data-part=\"{}\"", part));
  };
  const auto text = [any](const std::string& when, double rate) {
    return any ? fmt::format("{} the attack, mean {:.1f} %", when, rate * 100) : when;
  };
  entry(8, paint::before, "mean-before", text("before", before));
  entry(240, paint::after, "mean-after", text("after", after));
}

/// What was run, and below it what came of it.
std::string setting_of(const RunList& list, const PlottedRun& run) {
  return fmt::format("{}, {}", list.models[run.model].label, run.setting);
}

std::string facts_of(const PlottedRun& run) {
  const Json& json = *run.json;
  return fmt::format("all classes: accuracy {} → {}, gates flipped {} (by chance {})",
                     percent(number_at(json, {"accuracy", "clean", "value"})),
                     percent(number_at(json, {"accuracy", "robust", "value"})),
                     percent(number_at(json, {"gates", "flipped", "share"})),
                     percent(number_at(json, {"gates", "flipped", "share_on_clean_redraw"})));
}

std::string title_of(const RunList& list, const GatesChoice& choice) {
  const std::string images = choice.klass ? text_of(list.classes(*choice.run)[*choice.klass]) : "all classes";
  return fmt::format("Execution rates before and after {} at ε = {}: {}", choice.run->attack,
                     epsilon_text(choice.run->epsilon, choice.run->norm), images);
}

}  // namespace

GatesChoice choose_gates(const RunList& list, const PlotSelection& selection) {
  const RunList selected = select_runs(list, selection);
  const double wanted = selection.epsilon.value_or(kUsualEpsilon);
  const PlottedRun* best = nullptr;
  for (const auto& run : selected.runs) {
    if (!at(*run.json, {"gates"}).is_object()) continue;
    // Within the nearest budget, the first of the report that is not there to compare with.
    const auto rank = [&](const PlottedRun& r) {
      const bool is_noise = text_at(*r.json, {"attack", "name"}) == "noise";
      return std::tuple(!r.attacked(), std::abs(r.epsilon - wanted), is_noise);
    };
    if (!best || rank(run) < rank(*best)) best = &run;
  }
  if (!best) throw InputError("figure 'gates': no run that was selected has a model with gates");
  GatesChoice choice;
  for (const auto& run : list.runs) {
    if (run.json == best->json) choice.run = &run;
  }
  if (selection.epsilon && std::abs(best->epsilon - wanted) > 1e-6) {
    std::vector<std::string> known;
    for (const auto& run : selected.runs) {
      const std::string text = epsilon_text(run.epsilon, run.norm);
      if (std::find(known.begin(), known.end(), text) == known.end()) known.push_back(text);
    }
    throw InputError(fmt::format("epsilon {} was not run; the reports hold {}", epsilon_text(wanted, best->norm),
                                 join(known, ", ")));
  }
  if (!selection.class_name.empty()) {
    std::vector<std::string> names;
    for (const auto& name : list.classes(*choice.run)) names.push_back(text_of(name));
    const auto found = std::find(names.begin(), names.end(), selection.class_name);
    if (found == names.end()) throw InputError(unknown_name("class", selection.class_name, names));
    choice.klass = static_cast<size_t>(found - names.begin());
  }
  return choice;
}

std::vector<double> gate_rates(const GatesChoice& choice, const char* when) {
  const Json& side = at(*choice.run->json, {"gates", when});
  const Json* row = &at(side, {"per_layer"});
  if (choice.klass) {
    const Json& table = at(side, {"per_class"});
    static const Json nothing;
    row = table.is_array() && *choice.klass < table.size() ? &table[*choice.klass] : &nothing;
  }
  std::vector<double> rates;
  if (!row->is_array()) return rates;
  for (const auto& rate : *row) rates.push_back(rate.is_number() ? rate.get<double>() : 0);
  return rates;
}

GatesPlace gates_place() { return {kTop + kHeight, kHeight}; }

Figure gates_figure(const RunList& list, const GatesChoice& choice, const std::string& name) {
  const auto& layers = list.models[choice.run->model].layers;
  const double step = layer_step(layers.size(), 640), bottom = kTop + kHeight;
  const double right = kLeft + step * static_cast<double>(std::max<size_t>(layers.size(), 1));
  const auto before = gate_rates(choice, "before"), after = gate_rates(choice, "after");
  Figure figure{name, title_of(list, choice), "", std::max(right + 16, 700.0), bottom + kBottom, ""};
  const std::string means =
      before.empty() ? "No images of this class"
                     : fmt::format("Mean execution rate {} before and {} after the attack",
                                   percent(std::optional(mean(before))), percent(std::optional(mean(after))));
  figure.description = fmt::format("Bars for {} layers. {}. {}; {}.", layers.size(), means,
                                   setting_of(list, *choice.run), facts_of(*choice.run));
  const Axis y(0, 1, bottom, kTop);
  Canvas canvas;
  draw_title(canvas, figure, "data-part=\"title\"");
  const auto line = [&](double height, const std::string& text, const char* part) {
    canvas.text(8, height, fit_text(text, 11.5, figure.width - 16), {.size = 11.5, .paint = paint::soft},
                fmt::format("data-part=\"{}\"", part));
  };
  line(40, setting_of(list, *choice.run), "setting");
  line(55, facts_of(*choice.run), "facts");
  draw_legend(canvas, mean(before), mean(after), !before.empty());
  draw_rate_axis(canvas, y, right);
  draw_bars(canvas, layers, before, after, y, step);
  draw_layer_axis(canvas, layers, kLeft, step, bottom);
  canvas.text((kLeft + right) / 2, (kTop + bottom) / 2, "no images of this class",
              {.anchor = "middle", .paint = paint::soft},
              fmt::format("data-part=\"empty\" visibility=\"{}\"", before.empty() ? "visible" : "hidden"));
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace aigis::plotting
