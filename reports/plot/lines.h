// One panel of lines: axes, a line with its interval per series, and each line's name beside its end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/plot/axis.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {

struct LinePoint {
  double x = 0, y = 0;
  std::optional<double> low, high;  ///< of the interval
  std::string tooltip;
};

struct LineSeries {
  std::string label;
  size_t color = 0;               ///< number of the thing that colours tell apart
  size_t style = 0;               ///< number of the thing that dashes and markers tell apart
  std::vector<LinePoint> points;  ///< by rising x
};

struct LinePanel {
  std::string title, subtitle;  ///< above the panel; may be empty
  std::string x_label, y_label;
  double left = 56, top = 0;  ///< of the panel without its labels
  double width = 430, height = 260;
  Scale x_scale = Scale::linear;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  std::vector<double> x_ticks, y_ticks;
  double y_unit = 1;  ///< ticks of y name value / y_unit: 0.01 for percent
  double label_size = 12;
  double label_width = 200;  ///< room at the right
  bool markers = true, bands = true;
};

/// Space that a panel's labels need from top to bottom; it should be no higher than the panel.
double label_height(size_t series, double label_size);
/// Room at the right in which all labels can be read, within reason.
double label_width(const std::vector<LineSeries>& series, double label_size);

/// Of a figure in which the panel's labels and its title have room.
double width_around(const LinePanel& panel);

/// Draws the panel; `top` is the upper edge of the plot area, with title and subtitle above it.
void draw_lines(Canvas& canvas, const LinePanel& panel, const std::vector<LineSeries>& series);

/// A figure of nothing but this panel: draws it and takes its size.
void draw_figure(Figure& figure, const LinePanel& panel, const std::vector<LineSeries>& series);

/// Moves positions apart by at least `gap` within [low, high], keeping their order. Exposed for its test.
std::vector<double> spread(std::vector<double> wanted, double gap, double low, double high);

}  // namespace aigis::plotting
