#include "reports/plot/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace aigis {
extern const char* const kFigureStyle;
}

namespace aigis::plotting {
namespace {

/// Bytes of the UTF-8 sequence that begins with `first`.
size_t sequence_length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

double character_width(char first) {
  constexpr std::string_view narrow = "fijlrtI.,:;'|!()[]/ -", wide = "mwMWGOQ@%";
  if (narrow.find(first) != std::string_view::npos) return 0.31;
  if (wide.find(first) != std::string_view::npos) return 0.82;
  return first >= 'A' && first <= 'Z' ? 0.68 : 0.555;
}

std::string with_tooltip(std::string_view open, std::string_view name, std::string_view tooltip) {
  if (tooltip.empty()) return fmt::format("{}/>\n", open);
  return fmt::format("{}><title>{}</title></{}>\n", open, escape(tooltip), name);
}

}  // namespace

std::string escape(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') safe += "\uFFFD";
        else safe += c;
    }
  }
  return safe;
}

double text_width(std::string_view text, double size) {
  double width = 0;
  for (size_t i = 0; i < text.size(); i += sequence_length(text[i])) width += character_width(text[i]);
  return width * size;
}

double bold_width(std::string_view text, double size) { return 1.3 * text_width(text, size); }

std::string fit_text(std::string_view text, double size, double width) {
  if (text_width(text, size) <= width) return std::string(text);
  size_t end = 0;
  while (end < text.size()) {
    const size_t next = end + sequence_length(text[end]);
    if (text_width(text.substr(0, next), size) > width - size) break;
    end = next;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string coordinate(double value) { return fmt::format("{}", std::round(value * 100) / 100 + 0.0); }

std::string series_color(size_t n) {
  constexpr std::array colors{"#0072b2", "#d55e00", "#009e73", "#b2528e", "#4aa5dd", "#e69f00", "#595959"};
  return fmt::format(R"(class="c{}" color="{}")", n % colors.size(), colors[n % colors.size()]);
}

std::string ramp_color(double share) {
  constexpr std::array<std::array<double, 3>, 5> stops{
      {{247, 251, 255}, {198, 219, 239}, {107, 174, 214}, {33, 113, 181}, {8, 48, 107}}};
  const double position = std::clamp(share, 0.0, 1.0) * (stops.size() - 1);
  const size_t below = std::min(static_cast<size_t>(position), stops.size() - 2);
  const double rest = position - static_cast<double>(below);
  const auto channel = [&](size_t c) {
    return static_cast<int>(std::lround(stops[below][c] * (1 - rest) + stops[below + 1][c] * rest));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", channel(0), channel(1), channel(2));
}

Canvas& Canvas::line(double x1, double y1, double x2, double y2, std::string_view attributes) {
  elements_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" {}/>\n", coordinate(x1), coordinate(y1),
                           coordinate(x2), coordinate(y2), attributes);
  return *this;
}

Canvas& Canvas::rect(double x, double y, double width, double height, std::string_view attributes,
                     std::string_view tooltip) {
  elements_ += with_tooltip(fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}", coordinate(x),
                                        coordinate(y), coordinate(width), coordinate(height), attributes),
                            "rect", tooltip);
  return *this;
}

Canvas& Canvas::path(std::string_view d, std::string_view attributes, std::string_view tooltip) {
  elements_ += with_tooltip(fmt::format("<path d=\"{}\" {}", d, attributes), "path", tooltip);
  return *this;
}

Canvas& Canvas::diamond(double x, double y, std::string_view name, std::string_view tooltip) {
  return path("M0 -4L4 0L0 4L-4 0z",
              fmt::format("class=\"{}\" fill=\"currentColor\" transform=\"translate({} {})\"", name, coordinate(x),
                          coordinate(y)),
              tooltip);
}

Canvas& Canvas::text(double x, double y, std::string_view content, const TextStyle& style,
                     std::string_view attributes) {
  std::string more(attributes);
  if (style.bold) more += " font-weight=\"bold\"";
  if (style.rotate != 0) {
    more += fmt::format(" transform=\"rotate({} {} {})\"", coordinate(style.rotate), coordinate(x), coordinate(y));
  }
  elements_ +=
      fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{}\" {} {}>{}</text>\n", coordinate(x),
                  coordinate(y), coordinate(style.size), style.anchor, style.paint, more, escape(content));
  return *this;
}

Canvas& Canvas::image(double x, double y, double width, double height, std::string_view url, std::string_view tooltip) {
  elements_ += with_tooltip(
      fmt::format(
          "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" style=\"image-rendering: pixelated\" href=\"{}\"",
          coordinate(x), coordinate(y), coordinate(width), coordinate(height), escape(url)),
      "image", tooltip);
  return *this;
}

Canvas& Canvas::begin(std::string_view attributes) {
  elements_ += fmt::format("<g {}>\n", attributes);
  return *this;
}

Canvas& Canvas::end() {
  elements_ += "</g>\n";
  return *this;
}

void draw_title(Canvas& canvas, Figure& figure, std::string_view attributes) {
  constexpr double kSize = 14, kMargin = 8;
  figure.width = std::max(figure.width, bold_width(figure.title, kSize) + 2 * kMargin);
  canvas.text(kMargin, 22, figure.title, {.size = kSize, .bold = true}, attributes);
}

namespace {

std::string svg_element(const Figure& figure, std::string_view attributes, std::string_view style) {
  const std::string id = escape(figure.name), w = coordinate(figure.width), h = coordinate(figure.height);
  return fmt::format(
      "<svg {} viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" font-family=\"Helvetica, Arial, sans-serif\" "
      "role=\"img\" aria-labelledby=\"{}-title {}-desc\">\n<title id=\"{}-title\">{}</title>\n"
      "<desc id=\"{}-desc\">{}</desc>\n{}<rect width=\"{}\" height=\"{}\" {}/>\n{}</svg>\n",
      attributes, w, h, w, h, id, id, id, escape(figure.title), id, escape(figure.description), style, w, h,
      paint::paper, figure.elements);
}

}  // namespace

std::string inline_svg(const Figure& figure) {
  return svg_element(figure, fmt::format("id=\"{}\"", escape(figure.name)), "");
}

std::string standalone_svg(const Figure& figure) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" +
         svg_element(figure, "xmlns=\"http://www.w3.org/2000/svg\"",
                     fmt::format("<style>\n{}</style>\n", kFigureStyle));
}

}  // namespace aigis::plotting
