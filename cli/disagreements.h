// Where a report does not say what was found.
#pragma once

#include <string>
#include <vector>

#include "lib/core/json.h"

namespace aigis {

/// Adds a line, with a JSON pointer, for each place at which `said` is not `found`. Whole numbers and texts must be
/// equal, other numbers within rounding. Objects must have the same keys, but for keys that an older report lacks, and
/// for the outermost object, which may say more.
void compare(const Json& said, const Json& found, const std::string& pointer, std::vector<std::string>& disagreements);

}  // namespace aigis
