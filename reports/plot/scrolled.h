// What is wider than the page scrolls by itself, by keyboard too.
#pragma once

#include <string>
#include <string_view>

namespace aigis::plotting {

/// `table` as an HTML region of its own, called `label` (plain text) for those who do not see it.
std::string scrolled(std::string_view label, std::string_view table);

}  // namespace aigis::plotting
