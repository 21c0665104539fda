#include "reports/plot/scrolled.h"

#include <fmt/format.h>

#include "reports/plot/svg.h"

namespace aigis::plotting {

std::string scrolled(std::string_view label, std::string_view table) {
  return fmt::format("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\n{}</div>\n",
                     escape(label), table);
}

}  // namespace aigis::plotting
