// Which model is more robust than which, as a table of a page.
#pragma once

#include <string>

#include "lib/core/json.h"

namespace aigis::plotting {

/// An HTML table of the comparisons that are decided, and how many are not; empty where no report compares.
std::string comparisons_table(const std::vector<Json>& files);

}  // namespace aigis::plotting
