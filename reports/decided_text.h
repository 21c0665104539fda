// Which model is more robust than which, and which more accurate, for the terminal.
#pragma once

#include <string>

#include "lib/core/json.h"

namespace aigis {

/// How many of a report's comparisons are decided, and those that a claim of robustness rests on, a line each: not of
/// images that were made against another model and, where a worst case of all attacks was judged, of that alone.
/// Empty without comparisons.
std::string decided_text(const Json& report);

}  // namespace aigis
