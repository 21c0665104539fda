// Times of passes over clean and adversarial images, in words.
#pragma once

#include <string>

#include "lib/core/json.h"
#include "reports/plot/runs.h"

namespace aigis {

/// "1.23 ms × 1.46 [1.40, 1.52]" of a run: clean images, and the attack's factor; empty where it has none.
std::string latency_words(const Json& run);

/// "100 images a pass, 2 passes side by side on a thread each": how a report's passes were timed; empty where it does
/// not tell.
std::string latency_setting(const Json& report);

/// A line for each run whose passes were timed, of a list of one report; empty if none were.
std::string latency_text(const plotting::RunList& list);

}  // namespace aigis
