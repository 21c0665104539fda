// Which claims that one model is more robust than another stand, in one look.
#pragma once

#include <string>

#include "lib/core/json.h"

namespace aigis::plotting {

/// An HTML table with a row for each claim that some attack supports ("A is more robust than B", behind a defense):
/// under which attacks, under which not, what is left of it for the worst of all attacks per image, the checks that A
/// raises, and so whether it stands; over whole curves first, then at each budget. Nothing is claimed of
/// images that were made against another model. Empty where no report compares models, or none leads.
std::string standing_table(const std::vector<Json>& files);

}  // namespace aigis::plotting
