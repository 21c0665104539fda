#include "reports/plot/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace aigis::plotting {
namespace {

constexpr double kKeyWidth = 26, kLeader = 22, kMargin = 8, kTitleSize = 14;

std::string dash(size_t style) {
  constexpr std::array patterns{"", "6 3", "2 2.5", "9 3 2 3"};
  const std::string pattern = patterns[style % patterns.size()];
  return pattern.empty() ? "" : fmt::format("stroke-dasharray=\"{}\"", pattern);
}

/// A mark about the origin, of about the same area for each style.
std::string marker(size_t style) {
  constexpr std::array shapes{"M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0z", "M-3 -3H3V3H-3z", "M0 -4.2L4 3H-4z",
                              "M0 -4.3L4.3 0L0 4.3L-4.3 0z"};
  return shapes[style % shapes.size()];
}

void draw_frame(Canvas& canvas, const LinePanel& panel, const Axis& x, const Axis& y) {
  const double bottom = panel.top + panel.height;
  if (!panel.title.empty()) canvas.text(kMargin, panel.top - 51, panel.title, {.size = kTitleSize, .bold = true});
  if (!panel.subtitle.empty()) {
    canvas.text(kMargin, panel.top - 34, panel.subtitle, {.size = 11.5, .paint = paint::soft});
  }
  canvas.text(kMargin, panel.top - 13, panel.y_label, {.paint = paint::soft});
  for (const double value : panel.y_ticks) {
    canvas.line(panel.left, y.at(value), panel.left + panel.width, y.at(value), paint::grid);
    canvas.text(panel.left - 8, y.at(value) + 4, tick_text(value / panel.y_unit),
                {.anchor = "end", .paint = paint::soft}, "data-axis=\"y\"");
  }
  canvas.line(panel.left, bottom, panel.left + panel.width, bottom, paint::axis);
  for (const double value : panel.x_ticks) canvas.line(x.at(value), bottom, x.at(value), bottom + 4, paint::axis);
  for (const double value : x.labels_that_fit(panel.x_ticks, 12)) {
    canvas.text(x.at(value), bottom + 18, tick_text(value), {.anchor = "middle", .paint = paint::soft},
                "data-axis=\"x\"");
  }
  if (!panel.x_label.empty()) {
    canvas.text(panel.left + panel.width / 2, bottom + 37, panel.x_label, {.anchor = "middle", .paint = paint::soft});
  }
}

/// The interval around a line. Many of them would only be mud, so then each waits until its line is pointed at.
void draw_band(Canvas& canvas, const LineSeries& series, const Axis& x, const Axis& y, bool shown) {
  std::string above, below;
  size_t points = 0;
  for (const auto& point : series.points) {
    if (!point.low || !point.high) continue;
    ++points;
    above +=
        fmt::format("{}{} {}", above.empty() ? "M" : "L", coordinate(x.at(point.x)), coordinate(y.at(*point.high)));
    below = fmt::format("L{} {}", coordinate(x.at(point.x)), coordinate(y.at(*point.low))) + below;
  }
  if (points > 1) {
    canvas.path(above + below + "z",
                fmt::format("class=\"band\" fill=\"currentColor\" fill-opacity=\"{}\"", shown ? 0.13 : 0));
  }
  if (points != 1 || series.points.size() != 1) return;
  const auto& only = series.points.front();
  canvas.line(x.at(only.x), y.at(*only.low), x.at(only.x), y.at(*only.high), "stroke=\"currentColor\"");
}

void draw_curve(Canvas& canvas, const LineSeries& series, const Axis& x, const Axis& y, bool markers) {
  std::string path;
  for (const auto& point : series.points) {
    path += fmt::format("{}{} {}", path.empty() ? "M" : "L", coordinate(x.at(point.x)), coordinate(y.at(point.y)));
  }
  canvas.path(path, fmt::format("class=\"curve\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\" "
                                "stroke-linejoin=\"round\" {}",
                                dash(series.style)));
  for (const auto& point : series.points) {
    const std::string place =
        fmt::format("transform=\"translate({} {})\"", coordinate(x.at(point.x)), coordinate(y.at(point.y)));
    canvas.path(marker(series.style),
                fmt::format("class=\"point\" {} fill=\"currentColor\" {}", place, markers ? "" : "fill-opacity=\"0\""),
                point.tooltip);
  }
}

/// The name of a line, behind a piece of that line, joined to the line's end.
void draw_label(Canvas& canvas, const LinePanel& panel, const LineSeries& series, const Axis& x, const Axis& y,
                double label_y) {
  const auto& last = series.points.back();
  const double key = panel.left + panel.width + kLeader, end = x.at(last.x) + 6;
  canvas.path(fmt::format("M{} {}L{} {}L{} {}", coordinate(end), coordinate(y.at(last.y)), coordinate(key - 12),
                          coordinate(y.at(last.y)), coordinate(key), coordinate(label_y)),
              "fill=\"none\" stroke=\"currentColor\" stroke-width=\"0.8\" stroke-opacity=\"0.45\"");
  canvas.line(key, label_y, key + kKeyWidth, label_y,
              fmt::format("stroke=\"currentColor\" stroke-width=\"1.8\" {}", dash(series.style)));
  if (panel.markers) {
    canvas.path(marker(series.style), fmt::format("transform=\"translate({} {})\" fill=\"currentColor\"",
                                                  coordinate(key + kKeyWidth / 2), coordinate(label_y)));
  }
  canvas.text(key + kKeyWidth + 6, label_y + panel.label_size * 0.35,
              fit_text(series.label, panel.label_size, panel.label_width - kLeader - kKeyWidth - 10),
              {.size = panel.label_size});
}

double mean_height(const LineSeries& series) {
  double sum = 0;
  for (const auto& point : series.points) sum += point.y;
  return sum / static_cast<double>(series.points.size());
}

/// Series as the eye reads them from the top: by their ends, and by their means where ends run into each other.
std::vector<size_t> from_the_top(const std::vector<LineSeries>& series, double range) {
  std::vector<size_t> order(series.size());
  std::iota(order.begin(), order.end(), 0);
  const auto end = [&](size_t i) { return series[i].points.back().y; };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return end(a) > end(b); });
  for (auto first = order.begin(); first != order.end();) {
    auto last = first + 1;
    while (last != order.end() && end(*(last - 1)) - end(*last) < 0.01 * range) ++last;
    std::stable_sort(first, last, [&](size_t a, size_t b) { return mean_height(series[a]) > mean_height(series[b]); });
    first = last;
  }
  return order;
}

}  // namespace

double label_height(size_t series, double label_size) { return static_cast<double>(series) * (label_size + 3.5); }

double label_width(const std::vector<LineSeries>& series, double label_size) {
  double widest = 0;
  for (const auto& line : series) widest = std::max(widest, text_width(line.label, label_size));
  return std::clamp(widest + 84, 150.0, 660.0);
}

double width_around(const LinePanel& panel) {
  return std::max(panel.left + panel.width + panel.label_width, kMargin + bold_width(panel.title, kTitleSize)) +
         kMargin;
}

void draw_figure(Figure& figure, const LinePanel& panel, const std::vector<LineSeries>& series) {
  Canvas canvas;
  draw_lines(canvas, panel, series);
  figure.elements = canvas.elements();
  figure.width = width_around(panel);
  figure.height = panel.top + panel.height + 62;
}

std::vector<double> spread(std::vector<double> wanted, double gap, double low, double high) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    wanted[i] = std::max(wanted[i], i == 0 ? low : wanted[i - 1] + gap);
  }
  double limit = high;
  for (size_t i = wanted.size(); i-- > 0; limit = wanted[i] - gap) wanted[i] = std::min(wanted[i], limit);
  return wanted;
}

void draw_lines(Canvas& canvas, const LinePanel& panel, const std::vector<LineSeries>& all) {
  const Axis x(panel.x_low, panel.x_high, panel.left, panel.left + panel.width, panel.x_scale);
  const Axis y(panel.y_low, panel.y_high, panel.top + panel.height, panel.top);
  draw_frame(canvas, panel, x, y);
  std::vector<LineSeries> series;
  std::copy_if(all.begin(), all.end(), std::back_inserter(series), [](const auto& s) { return !s.points.empty(); });
  const auto order = from_the_top(series, y.high() - y.low());
  std::vector<double> wanted;
  for (const size_t i : order) wanted.push_back(y.at(series[i].points.back().y));
  const auto places = spread(wanted, panel.label_size + 3.5, panel.top, panel.top + panel.height);
  for (size_t n = 0; n < order.size(); ++n) {
    const LineSeries& one = series[order[n]];
    canvas.begin(fmt::format("{} data-series=\"{}\"", series_color(one.color), escape(one.label)));
    canvas.begin("class=\"series\"");
    draw_band(canvas, one, x, y, panel.bands);
    draw_curve(canvas, one, x, y, panel.markers);
    draw_label(canvas, panel, one, x, y, places[n]);
    canvas.end().end();
  }
}

}  // namespace aigis::plotting
