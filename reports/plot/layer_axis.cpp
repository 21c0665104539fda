#include "reports/plot/layer_axis.h"

#include <algorithm>
#include <cmath>

namespace aigis::plotting {
namespace {

/// A layer "layer2.3" is number "3" of stage "layer2"; a name without a dot is its own number.
struct LayerName {
  std::string stage, number;
};

LayerName name_parts(const std::string& name) {
  const auto dot = name.rfind('.');
  if (dot == std::string::npos) return {"", name};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

/// Names of stages below their layers, and a hairline between stages.
void draw_stages(Canvas& canvas, const std::vector<std::string>& layers, double axis, double step, double bottom) {
  size_t begin = 0;
  for (size_t i = 1; i <= layers.size(); ++i) {
    const std::string stage = name_parts(layers[begin]).stage;
    if (i < layers.size() && name_parts(layers[i]).stage == stage) continue;
    const double left = axis + step * static_cast<double>(begin), right = axis + step * static_cast<double>(i);
    if (begin > 0) canvas.line(left, bottom, left, bottom + 36, paint::grid);
    canvas.text((left + right) / 2, bottom + 34, fit_text(stage, 12, right - left), {.anchor = "middle"});
    begin = i;
  }
}

}  // namespace

double layer_step(size_t layers, double room) {
  return std::clamp(room / static_cast<double>(std::max<size_t>(layers, 1)), 12.0, 56.0);
}

void draw_layer_axis(Canvas& canvas, const std::vector<std::string>& layers, double left, double step, double bottom) {
  const double width = step * static_cast<double>(layers.size());
  canvas.line(left, bottom, left + width, bottom, paint::axis);
  double widest = 8;
  for (const auto& layer : layers) widest = std::max(widest, text_width(name_parts(layer).number, 11) + 5);
  const auto every = static_cast<size_t>(std::ceil(widest / step));
  size_t in_stage = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (i > 0 && name_parts(layers[i]).stage != name_parts(layers[i - 1]).stage) in_stage = 0;
    if (in_stage++ % every == 0) {
      canvas.text(left + step * (static_cast<double>(i) + 0.5), bottom + 16, name_parts(layers[i]).number,
                  {.size = 11, .anchor = "middle", .paint = paint::soft});
    }
  }
  draw_stages(canvas, layers, left, step, bottom);
  canvas.text(left + width / 2, bottom + 54, "Gated layer, in the order of execution",
              {.anchor = "middle", .paint = paint::soft});
}

}  // namespace aigis::plotting
