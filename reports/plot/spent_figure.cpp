#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/plot/axis.h"
#include "reports/plot/driven.h"
#include "reports/plot/driven_figures.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

constexpr double kTop = 78, kRow = 22, kWidth = 380;

/// What the quantiles are over: an image is passed once, unless its gates draw.
std::string passes_of(const PlottedModel& model) {
  const double draws = number_at(*model.json, {"gates", "draws"}).value_or(1);
  return draws > 1 ? fmt::format("passes ({:g} an image)", draws) : "images";
}

/// The five quantiles of a distribution, as shares of what all layers cost.
struct CostRow {
  std::string name;
  std::vector<double> quantiles;
  std::optional<double> over_budget;
};

CostRow row_of(const std::string& name, const Json& distribution, const char* when, double full) {
  CostRow row{name, {}, number_at(distribution, {"over_budget", when, "value"})};
  const Json& quantiles = at(distribution, {"quantiles", when});
  if (!quantiles.is_array() || quantiles.size() != 5) return row;
  for (const Json& value : quantiles) {
    if (value.is_number()) row.quantiles.push_back(value.get<double>() / full);
  }
  return row;
}

void draw_row(Canvas& canvas, const Axis& x, double y, const CostRow& row, const std::string& passes) {
  if (row.quantiles.size() != 5) return;
  const auto& q = row.quantiles;
  canvas.line(x.at(q[0]), y, x.at(q[4]), y, "stroke=\"currentColor\" stroke-width=\"2\"");
  canvas.line(x.at(q[1]), y, std::max(x.at(q[3]), x.at(q[1]) + 1), y, "stroke=\"currentColor\" stroke-width=\"8\"");
  canvas.diamond(x.at(q[2]), y, "median",
                 fmt::format("{}: half of the {} within {:.1f} %, 95 % within {:.1f} %", row.name, passes, 100 * q[2],
                             100 * q[4]));
}

Figure figure_of(const DrivenModel& driven, const RunList& list, const std::string& name) {
  const std::string passes = passes_of(list.models[driven.model]);
  const double full = std::max(1.0, number_at(*list.models[driven.model].json, {"macs", "full"}).value_or(1));
  const auto distribution = [](const PlottedRun* run) -> const Json& {
    return at(*run->json, {"macs", "distribution"});
  };
  std::vector<CostRow> rows{row_of("no attack", distribution(driven.runs.front()), "before", full)};
  for (const auto* run : driven.at_largest()) rows.push_back(row_of(run->attack, distribution(run), "after", full));
  double left = 60, low = 1;
  for (const auto& row : rows) {
    left = std::max(left, text_width(row.name, 12) + 24);
    if (!row.quantiles.empty()) low = std::min(low, row.quantiles.front());
  }
  const double bottom = kTop + kRow * static_cast<double>(rows.size());
  const Axis x(low - 0.02, 1, left, left + kWidth);
  Figure figure{name,        fmt::format("What an image costs under each attack: {}", label_of(driven, list)),
                "",          left + kWidth + 150,
                bottom + 54, ""};
  Canvas canvas;
  draw_title(canvas, figure);
  canvas.text(8, 40,
              fit_text(fmt::format("ε {}; thin: 5 to 95 % of the {}, thick: 25 to 75 %, diamond: median",
                                   epsilon_text(driven.largest_budget(), driven.norm), passes),
                       11.5, figure.width - 16),
              {.size = 11.5, .paint = paint::soft});
  canvas.text(left + kWidth + 16, kTop - 9, "over the budget (%)", {.size = 11, .paint = paint::soft});
  for (const double tick : x.round_values(5)) {
    canvas.line(x.at(tick), kTop, x.at(tick), bottom, paint::grid);
    canvas.text(x.at(tick), bottom + 16, tick_text(100 * tick), {.anchor = "middle", .paint = paint::soft},
                "data-axis=\"x\"");
  }
  canvas.text(left + kWidth / 2, bottom + 36, "Executed multiply-accumulates (% of all)",
              {.anchor = "middle", .paint = paint::soft});
  for (size_t place = 0; place < rows.size(); ++place) {
    const CostRow& row = rows[place];
    const double y = kTop + kRow * (static_cast<double>(place) + 0.5);
    canvas.text(left - 8, y + 4, row.name, {.anchor = "end"}, "data-row=\"\"");
    canvas.begin(series_color(place == 0 ? 0 : 1));
    draw_row(canvas, x, y, row, passes);
    canvas.end();
    const std::string over = row.over_budget ? fmt::format("{:.1f}", 100 * *row.over_budget) : "–";
    canvas.text(left + kWidth + 16, y + 4, over, {.size = 11}, "data-over=\"\"");
    figure.description += fmt::format("{}{}: {} % over the budget", place > 0 ? "; " : "", row.name, over);
  }
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace

std::vector<Figure> spent_figures(const RunList& list) {
  std::vector<Figure> figures;
  for (const auto& driven : driven_models(list)) {
    const bool known = at(*driven.runs.front()->json, {"macs", "distribution"}).is_object();
    if (driven.attacks().size() < 2 || !known) continue;
    figures.push_back(figure_of(driven, list, fmt::format("spent-{}", figures.size() + 1)));
  }
  return figures;
}

}  // namespace aigis::plotting
