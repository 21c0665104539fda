#include "reports/plot/share_mark.h"

namespace aigis::plotting {

void draw_share(Canvas& canvas, const Axis& x, double y, const Share& share, std::string_view name,
                std::string_view tooltip) {
  if (share.low && share.high) {
    canvas.line(x.at(*share.low), y, x.at(*share.high), y, "stroke=\"currentColor\" stroke-width=\"2\"");
  }
  canvas.diamond(x.at(share.value), y, name, tooltip);
}

}  // namespace aigis::plotting
