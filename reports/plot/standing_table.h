// Which claims that one model is more robust than another stand, in one look.
#pragma once

#include <string>

#include "lib/core/json.h"

namespace aigis::plotting {

/// HTML: how many claims stand; where there are more than two models, for each defense a matrix of who leads whom over
/// all budgets; and a row for each claim: under which attacks, under which not, what is left of it for the worst of all
/// attacks per image, and the checks that are raised against it. Empty where no report compares models, or none leads.
std::string standing_tables(const std::vector<Json>& files);

}  // namespace aigis::plotting
