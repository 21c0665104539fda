#include "reports/plot/heat_map.h"

#include <fmt/format.h>

namespace aigis::plotting {

void draw_color_bar(Canvas& canvas, double right, double y) {
  constexpr int cells = 20;
  for (int i = 0; i < cells; ++i) {
    canvas.rect(right - 130 + i * 5, y, 5.2, 9, fmt::format("fill=\"{}\"", ramp_color((i + 0.5) / cells)));
  }
  canvas.text(right - 135, y + 9, "0", {.size = 11, .anchor = "end", .paint = paint::soft});
  canvas.text(right - 25, y + 9, "100", {.size = 11, .paint = paint::soft});
}

const char* ink_on_ramp(double share) { return share > 0.55 ? R"(fill="#ffffff")" : R"(fill="#1a1a1a")"; }

}  // namespace aigis::plotting
