// Where the numbers of a page come from: program, command, data, weights and machine.
#pragma once

#include <string>
#include <vector>

#include "lib/core/json.h"

namespace aigis::plotting {

/// HTML: a table of facts per file, with its models.
std::string provenance(const std::vector<Json>& files);

}  // namespace aigis::plotting
