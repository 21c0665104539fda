// The checks of reports as a table: which claims of robustness stand, in one look.
#pragma once

#include <string>
#include <vector>

#include "lib/core/json.h"

namespace aigis::plotting {

/// A row for each check, a column for each model and defense, and below it what was raised or left undecided; empty if
/// no report has any.
std::string checks_table(const std::vector<Json>& files);

}  // namespace aigis::plotting
