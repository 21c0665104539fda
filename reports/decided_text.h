// Which model is more robust than which, and which more accurate, for the terminal.
#pragma once

#include <string>

#include "reports/plot/runs.h"

namespace aigis {

/// How many comparisons of a list of one report are decided, and those that a claim of robustness rests on, a line
/// each: not of images that were made against another model and, where a worst case of all attacks was judged, of that
/// alone. Empty without comparisons.
std::string decided_text(const plotting::RunList& list);

}  // namespace aigis
