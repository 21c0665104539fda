#include "reports/plot/training_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "reports/plot/heat_map.h"
#include "reports/plot/lines.h"
#include "reports/plot/training_records.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

constexpr double kLeft = 92, kWidth = 430, kLabels = 240, kGap = 14;
constexpr size_t kMostColumns = 120;  ///< of a map, so that long trainings do not swell the file

double last_epoch(const std::vector<Record>& records) {
  double last = 1;
  for (const auto& record : records) {
    for (const auto& epoch : curve_of(record)) last = std::max(last, number_at(epoch, {"epoch"}).value_or(1));
  }
  return last;
}

/// Round numbers of epochs to name on an axis: whole ones.
std::vector<double> named_epochs(const Axis& axis) {
  std::vector<double> epochs = axis.round_values(10);
  std::erase_if(epochs, [](double epoch) { return epoch != std::floor(epoch); });
  return epochs;
}

LinePanel panel_of(const std::vector<Record>& records, double top) {
  LinePanel panel;
  panel.left = kLeft;
  panel.width = kWidth;
  panel.top = top;
  panel.x_low = 0;
  panel.x_high = last_epoch(records);
  panel.x_ticks = named_epochs(Axis(0, panel.x_high, 0, 1));
  panel.markers = false;
  panel.label_width = kLabels;
  panel.height = std::max(150.0, label_height(2 * records.size(), panel.label_size));
  return panel;
}

double draw_loss(Canvas& canvas, const std::vector<Record>& records, double top) {
  LinePanel panel = panel_of(records, top);
  panel.height = std::max(130.0, label_height(records.size(), panel.label_size));
  panel.y_label = "Training loss (cross-entropy)";
  std::vector<LineSeries> series;
  double highest = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    LineSeries line{records[i].label, i, 0, {}};
    for (const auto& epoch : curve_of(records[i])) {
      const auto x = number_at(epoch, {"epoch"}), y = number_at(epoch, {"loss"});
      if (!x || !y) continue;
      line.points.push_back({*x, *y, {}, {}, fmt::format("{}, epoch {:g}: loss {:.4g}", line.label, *x, *y)});
      highest = std::max(highest, *y);
    }
    series.push_back(std::move(line));
  }
  panel.y_ticks = Axis(0, highest, 0, 1).round_values(4);
  // One more than fits, so that the curve lies below the uppermost line.
  panel.y_ticks.push_back(panel.y_ticks.back() + (panel.y_ticks[1] - panel.y_ticks[0]));
  panel.y_high = panel.y_ticks.back();
  draw_lines(canvas, panel, series);
  return panel.top + panel.height;
}

double draw_accuracy(Canvas& canvas, const std::vector<Record>& records, double top) {
  LinePanel panel = panel_of(records, top);
  panel.y_label = "Accuracy (%); shaded: 95 % interval";
  panel.x_label = "Epoch";
  panel.y_ticks = {0, 0.2, 0.4, 0.6, 0.8, 1};
  panel.y_unit = 0.01;
  std::vector<LineSeries> series;
  for (size_t i = 0; i < records.size(); ++i) {
    LineSeries held_out{records[i].label + ", held out", i, 0, {}}, train{records[i].label + ", training", i, 2, {}};
    for (const auto& epoch : curve_of(records[i])) {
      const auto x = number_at(epoch, {"epoch"}), share = number_at(epoch, {"train_accuracy"});
      const auto judged = share_of(at(epoch, {"held_out"}));
      if (x && judged) {
        held_out.points.push_back({*x, judged->value, judged->low, judged->high,
                                   fmt::format("{}, epoch {:g}: {}", held_out.label, *x, percent(judged))});
      }
      if (x && share) {
        train.points.push_back(
            {*x, *share, {}, {}, fmt::format("{}, epoch {:g}: {}", train.label, *x, percent(share))});
      }
    }
    series.push_back(std::move(held_out));
    series.push_back(std::move(train));
  }
  draw_lines(canvas, panel, series);
  return panel.top + panel.height + 48;
}

/// A row per layer, a column per epoch; the last rates stand beside their rows.
double draw_map(Canvas& canvas, const Record& record, double last, double top) {
  const Json& layers = at(*record.json, {"model", "gated"});
  if (!layers.is_array() || layers.empty()) return top;
  top += 48;
  const auto rows = static_cast<double>(layers.size());
  const double row = std::clamp(260 / rows, 6.0, 18.0), height = row * rows;
  const Axis x(0, last, kLeft, kLeft + kWidth);
  canvas.text(8, top - 12, "Execution rate of each layer (%): " + fit_text(record.label, 12, 180),
              {.paint = paint::soft});
  draw_color_bar(canvas, kLeft + kWidth, top - 20);
  std::vector<std::optional<double>> finals(layers.size());
  const Json& curve = curve_of(record);
  const size_t stride = (curve.size() + kMostColumns - 1) / kMostColumns;
  for (size_t column = stride; column - stride < curve.size() && stride > 0; column += stride) {
    const Json& epoch = curve[std::min(column, curve.size()) - 1];
    const auto number = number_at(epoch, {"epoch"});
    const Json& rates = at(epoch, {"rates"});
    if (!number || !rates.is_array()) continue;
    const double from = x.at(std::max(*number - static_cast<double>(stride), 0.0)), to = x.at(*number);
    for (size_t i = 0; i < std::min(rates.size(), layers.size()); ++i) {
      if (!rates[i].is_number()) continue;
      finals[i] = rates[i].get<double>();
      canvas.rect(from, top + row * static_cast<double>(i), to - from + 0.3, row + 0.3,
                  fmt::format("fill=\"{}\"", ramp_color(*finals[i])),
                  fmt::format("{}, epoch {:g}: {}", text_at(layers[i], {"name"}), *number, percent(finals[i])));
    }
  }
  const auto every = static_cast<size_t>(std::ceil(13 / row));
  for (size_t i = 0; i < layers.size(); i += every) {
    const double y = top + row * (static_cast<double>(i) + 0.5) + 4;
    canvas.text(kLeft - 8, y, fit_text(text_at(layers[i], {"name"}), 11, kLeft - 12),
                {.size = 11, .anchor = "end", .paint = paint::soft});
    canvas.text(kLeft + kWidth + 8, y, percent(finals[i]), {.size = 11});
  }
  canvas.text(kLeft + kWidth + 8, top - 12, "at the end", {.size = 11, .paint = paint::soft});
  for (const double epoch : x.labels_that_fit(named_epochs(x), 12)) {
    canvas.text(x.at(epoch), top + height + 16, tick_text(epoch), {.anchor = "middle", .paint = paint::soft});
  }
  canvas.text(kLeft + kWidth / 2, top + height + 34, "Epoch", {.anchor = "middle", .paint = paint::soft});
  return top + height + 48;
}

}  // namespace

Figure training_figure(const std::vector<Json>& files) {
  const auto records = records_of(files);
  Figure figure{"training", "Training", "", kLeft + kWidth + kLabels + 8, 0, ""};
  Canvas canvas;
  canvas.text(8, 22, "Training: loss, accuracy and execution rates over epochs", {.size = 14, .bold = true});
  double bottom = draw_loss(canvas, records, 62);
  bottom = draw_accuracy(canvas, records, bottom + 56);
  for (const auto& record : records) bottom = draw_map(canvas, record, last_epoch(records), bottom);
  figure.height = bottom + kGap;
  for (const auto& record : records) {
    const Json& curve = curve_of(record);
    if (curve.empty()) continue;
    if (!figure.description.empty()) figure.description += " ";
    figure.description += fmt::format("{}: held-out accuracy {} after {} epochs.", record.label,
                                      percent(share_of(at(curve.back(), {"held_out"}))), curve.size());
  }
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace aigis::plotting
