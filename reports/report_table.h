// A report for the terminal.
#pragma once

#include <string>

#include "lib/core/json.h"

namespace aigis {

/// The table that `sweep` and `evaluate` print: a line for each run, its warnings and errors below it.
std::string report_table(const Json& report);

}  // namespace aigis
