// Which model is more robust than which, and which more accurate, as tables of a page.
#pragma once

#include <string>

#include "lib/core/json.h"

namespace aigis::plotting {

/// An HTML table of the comparisons that are decided, and how many are not: under attack, and without one; empty where
/// no report compares.
std::string comparisons_table(const std::vector<Json>& files);

}  // namespace aigis::plotting
