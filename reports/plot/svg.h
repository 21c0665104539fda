// Drawing: elements of an SVG image, appended one behind another.
//
// Colours are given twice: as presentation attributes for a light background, which every reader of SVG understands,
// and through classes that plot/figure.css repaints where the reader prefers a dark one.
#pragma once

#include <string>
#include <string_view>

namespace aigis::plotting {

/// Safe as content and inside quoted attributes of XML and HTML; control characters, which XML forbids, become U+FFFD.
std::string escape(std::string_view text);

/// A guess at the width of `text` in Helvetica or a font like it, in the unit of `size`.
double text_width(std::string_view text, double size);
/// The same of bold letters, with room for a font that is wider than Helvetica where that is missing.
double bold_width(std::string_view text, double size);
/// `text`, or as much of its begin as fits `width`, with an ellipsis.
std::string fit_text(std::string_view text, double size, double width);

/// A coordinate with two decimals, without trailing zeros.
std::string coordinate(double value);

/// What an element is painted with.
namespace paint {
constexpr const char* ink = R"(class="ink" fill="#1a1a1a")";
constexpr const char* soft = R"(class="soft" fill="#595959")";
constexpr const char* paper = R"(class="paper" fill="#ffffff")";
constexpr const char* grid = R"(class="grid" stroke="#dedede" stroke-width="1")";
constexpr const char* axis = R"(class="axis" stroke="#595959" stroke-width="1")";
constexpr const char* before = R"(class="before" fill="#8d99a6")";
constexpr const char* after = R"(class="after" fill="#d55e00")";
}  // namespace paint

/// class and color of the n-th of many things that are told apart by colour; seven differ, then they repeat.
/// Colours of Okabe & Ito ("Color universal design", 2008), without the yellow that white paper swallows.
std::string series_color(size_t n);

/// `share` in [0, 1] on a scale of rising lightness contrast (ColorBrewer's Blues): more is darker.
std::string ramp_color(double share);

class Canvas {
 public:
  struct TextStyle {
    double size = 12;
    const char* anchor = "start";
    bool bold = false;
    const char* paint = paint::ink;
    double rotate = 0;  ///< degrees about the anchor
  };

  Canvas& line(double x1, double y1, double x2, double y2, std::string_view attributes);
  Canvas& rect(double x, double y, double width, double height, std::string_view attributes,
               std::string_view tooltip = "");
  Canvas& path(std::string_view d, std::string_view attributes, std::string_view tooltip = "");
  Canvas& text(double x, double y, std::string_view content, const TextStyle& style, std::string_view attributes = "");
  /// A mark in the colour of the group that it stands in.
  Canvas& diamond(double x, double y, std::string_view name, std::string_view tooltip = "");
  /// A picture of few pixels, given as a data: URL.
  Canvas& image(double x, double y, double width, double height, std::string_view url, std::string_view tooltip);
  Canvas& begin(std::string_view attributes);  ///< opens a group
  Canvas& end();

  const std::string& elements() const { return elements_; }

 private:
  std::string elements_;
};

/// One finished image.
struct Figure {
  std::string name;  ///< file name without suffix, and id inside a page
  std::string title;
  std::string description;  ///< what a reader who cannot see it should know
  double width = 0, height = 0;
  std::string elements;
};

/// A figure's title above its drawing; the figure grows where that is narrower.
void draw_title(Canvas& canvas, Figure& figure, std::string_view attributes = "");

/// The <svg> element inside an HTML page, whose style sheet holds figure.css.
std::string inline_svg(const Figure& figure);
/// A complete file.
std::string standalone_svg(const Figure& figure);

}  // namespace aigis::plotting
