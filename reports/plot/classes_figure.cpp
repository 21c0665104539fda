#include "reports/plot/classes_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "reports/plot/heat_map.h"
#include "reports/plot/layer_axis.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

constexpr double kLeft = 110, kTop = 76;

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

struct ClassRow {
  std::string name;
  std::vector<double> rates;
};

std::vector<ClassRow> rows_of(const PlottedInspection& model) {
  std::vector<ClassRow> rows;
  const auto names = model.classes();
  const Json& table = at(*model.json, {"execution", "per_class"});
  for (size_t k = 0; k < std::min(names.size(), table.size()); ++k) {
    if (!table[k].is_array()) continue;  // a class without images
    rows.push_back({names[k], table[k].get<std::vector<double>>()});
  }
  return rows;
}

}  // namespace

std::vector<size_t> similar_together(const std::vector<std::vector<double>>& rows) {
  std::vector<std::vector<size_t>> clusters;
  for (size_t i = 0; i < rows.size(); ++i) clusters.push_back({i});
  const auto apart = [&](size_t i, size_t j) { return distance(rows[i], rows[j]); };
  const auto mean = [&](const auto& a, const auto& b) {
    double sum = 0;
    for (const size_t i : a) {
      for (const size_t j : b) sum += apart(i, j);
    }
    return sum / static_cast<double>(a.size() * b.size());
  };
  while (clusters.size() > 1) {
    size_t first = 0, second = 1;
    double least = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < clusters.size(); ++i) {
      for (size_t j = i + 1; j < clusters.size(); ++j) {
        const double between = mean(clusters[i], clusters[j]);
        if (between < least) {
          least = between;
          first = i;
          second = j;
        }
      }
    }
    auto &left = clusters[first], &right = clusters[second];
    const auto nearest_to = [&](size_t end) { return std::min(apart(end, right.front()), apart(end, right.back())); };
    if (nearest_to(left.front()) < nearest_to(left.back())) std::reverse(left.begin(), left.end());
    if (apart(left.back(), right.back()) < apart(left.back(), right.front())) std::reverse(right.begin(), right.end());
    left.insert(left.end(), right.begin(), right.end());
    clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(second));
  }
  return clusters.empty() ? std::vector<size_t>{} : clusters.front();
}

Figure classes_figure(const PlottedInspection& model, const std::string& name) {
  const auto rows = rows_of(model);
  std::vector<std::vector<double>> rates;
  for (const auto& row : rows) rates.push_back(row.rates);
  const auto order = similar_together(rates);
  const double step = layer_step(model.layers.size(), 600), height = 22;
  const double right = kLeft + step * static_cast<double>(model.layers.size());
  const double bottom = kTop + height * static_cast<double>(rows.size());
  Figure figure{name,        "Execution rate of each layer by class (%): " + model.label,
                "",          std::max(right + 70, 560.0),
                bottom + 66, ""};
  Canvas canvas;
  draw_title(canvas, figure);
  const std::string facts = fmt::format("{}, gates {}; similar classes stand together", model.images(),
                                        text_at(*model.json, {"execution", "mode"}));
  canvas.text(8, 40, fit_text(facts, 11.5, figure.width - 16), {.size = 11.5, .paint = paint::soft});
  draw_color_bar(canvas, kLeft + 135, kTop - 19);
  canvas.text(right + 10, kTop - 9, "mean", {.size = 11, .paint = paint::soft});
  for (size_t place = 0; place < order.size(); ++place) {
    const ClassRow& row = rows[order[place]];
    const double y = kTop + height * static_cast<double>(place);
    canvas.text(kLeft - 8, y + height / 2 + 4, fit_text(row.name, 12, kLeft - 14), {.anchor = "end"},
                "data-part=\"class\"");
    draw_rates(canvas, kLeft, y, step, height, row.name, model.layers, row.rates);
    figure.description += fmt::format("{}{}", place > 0 ? ", " : "Classes from the top: ", row.name);
  }
  draw_layer_axis(canvas, model.layers, kLeft, step, bottom);
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace aigis::plotting
