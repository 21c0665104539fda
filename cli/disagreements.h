// Where a report does not say what was found.
#pragma once

#include <string>
#include <vector>

#include "lib/core/json.h"

namespace aigis {

/// Adds a line, with a JSON pointer, for each place at which `said` is not `found`. Whole numbers and texts must be
/// equal, other numbers within rounding. Objects must have the same keys, but for the outermost, which may say more,
/// and for what a report of an earlier version, 1.`minor`, could not say: later keys, and later options, which then had
/// the value that is the default now.
void compare(const Json& said, const Json& found, const std::string& pointer, int64_t minor,
             std::vector<std::string>& disagreements);

}  // namespace aigis
