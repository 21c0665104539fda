// Images made against one model and judged by another, as a matrix.
#pragma once

#include <string>
#include <vector>

#include "lib/core/json.h"

namespace aigis::plotting {

/// For each attack and defense with transferred runs, at its largest budget: a row for the model that the attack saw, a
/// column for the model that judges. Empty if there are none.
std::string transfer_tables(const std::vector<Json>& files);

}  // namespace aigis::plotting
