#include "reports/plot/images_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/core/error.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

constexpr double kLeft = 104, kTop = 74, kSide = 48, kGap = 6, kRow = 68, kBetween = 36;

double width_of(size_t pictures) { return static_cast<double>(pictures) * (kSide + kGap); }

void draw_pictures(Canvas& canvas, const Json& pictures, double x, double y, const std::string& klass) {
  for (const auto& picture : pictures) {
    const std::string layers = fmt::format("{:.3g}", picture.at("layers").get<double>());
    canvas.image(x, y, kSide, kSide, "data:image/jpeg;base64," + picture.at("jpeg").get<std::string>(),
                 fmt::format("{}, image {}: {} layers", klass, text_at(picture, {"id"}), layers));
    canvas.text(x + kSide / 2, y + kSide + 12, layers, {.size = 10.5, .anchor = "middle", .paint = paint::soft});
    x += kSide + kGap;
  }
}

}  // namespace

bool has_pictures(const PlottedInspection& model) {
  const Json& rows = at(*model.json, {"execution", "extremes"});
  return std::any_of(rows.begin(), rows.end(), [](const Json& row) { return !at(row, {"fewest"}).empty(); });
}

Figure images_figure(const PlottedInspection& model, const std::string& name) {
  if (!has_pictures(model)) {
    throw InputError(fmt::format("figure 'images': the inspection of {} kept no pictures", model.label));
  }
  const Json& rows = at(*model.json, {"execution", "extremes"});
  const auto classes = model.classes();
  size_t most = 0;
  for (const auto& row : rows) most = std::max(most, row.at("fewest").size());
  const double second = kLeft + width_of(most) + kBetween;
  Figure figure{
      name,
      "Images that use the fewest and the most layers: " + model.label,
      fmt::format("For each class, {} images that use the fewest layers and {} that use the most.", most, most),
      std::max(second + width_of(most) + 8, 540.0),
      kTop + kRow * static_cast<double>(rows.size()) + 8,
      ""};
  Canvas canvas;
  draw_title(canvas, figure);
  const std::string facts =
      fmt::format("{}, gates {}; below each image how many of {} gated layers ran", model.images(),
                  text_at(*model.json, {"execution", "mode"}), model.layers.size());
  canvas.text(8, 40, fit_text(facts, 11.5, figure.width - 16), {.size = 11.5, .paint = paint::soft});
  canvas.text(kLeft, kTop - 10, "fewest layers", {.bold = true});
  canvas.text(second, kTop - 10, "most layers", {.bold = true});
  double y = kTop;
  for (size_t k = 0; k < std::min(rows.size(), classes.size()); ++k, y += kRow) {
    canvas.text(kLeft - 10, y + kSide / 2 + 4, fit_text(classes[k], 12, kLeft - 16), {.anchor = "end"});
    draw_pictures(canvas, rows[k].at("fewest"), kLeft, y, classes[k]);
    draw_pictures(canvas, rows[k].at("most"), second, y, classes[k]);
  }
  figure.elements = canvas.elements();
  return figure;
}

}  // namespace aigis::plotting
