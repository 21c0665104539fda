#include "reports/plot/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "reports/plot/value.h"

namespace aigis::plotting {

void draw_color_bar(Canvas& canvas, double right, double y) {
  constexpr int cells = 20;
  for (int i = 0; i < cells; ++i) {
    canvas.rect(right - 130 + i * 5, y, 5.2, 9, fmt::format("fill=\"{}\"", ramp_color((i + 0.5) / cells)));
  }
  canvas.text(right - 135, y + 9, "0", {.size = 11, .anchor = "end", .paint = paint::soft});
  canvas.text(right - 25, y + 9, "100", {.size = 11, .paint = paint::soft});
}

double draw_rates(Canvas& canvas, double left, double y, double step, double height, const std::string& name,
                  const std::vector<std::string>& layers, const std::vector<double>& rates) {
  constexpr size_t kMostNumbers = 16;  // layers, up to which cells are wide enough for their number
  const size_t count = std::min(layers.size(), rates.size());
  double sum = 0;
  for (size_t l = 0; l < count; ++l) {
    const double x = left + step * static_cast<double>(l), rate = rates[l];
    sum += rate;
    canvas.rect(x, y, step + 0.3, height + 0.3, fmt::format("fill=\"{}\"", ramp_color(rate)),
                fmt::format("{}, {}: {}", name, layers[l], percent(std::optional(rate))));
    if (layers.size() > kMostNumbers) continue;
    canvas.text(x + step / 2, y + height / 2 + 4, fmt::format("{:.0f}", 100 * rate),
                {.size = 11, .anchor = "middle", .paint = ink_on_ramp(rate)});
  }
  const double mean = count == 0 ? 0 : sum / static_cast<double>(count);
  canvas.text(left + step * static_cast<double>(layers.size()) + 10, y + height / 2 + 4, percent(std::optional(mean)),
              {.size = 11});
  return mean;
}

const char* ink_on_ramp(double share) { return share > 0.55 ? R"(fill="#ffffff")" : R"(fill="#1a1a1a")"; }

}  // namespace aigis::plotting
