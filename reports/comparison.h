// Which model is more robust than which: every pair of models under the same attack, on the same images.
#pragma once

#include <string>
#include <vector>

#include "lib/core/json.h"
#include "reports/plot/runs.h"

namespace aigis {

/// "comparisons" of a report, under attacks that want a wrong answer. `hits`: for each of its runs the draws in which
/// each image's label was right.
Json comparisons_json(const Json& runs, const std::vector<std::vector<int64_t>>& hits);

/// One that is decided, in a line: `difference` and `ends` of its interval are a's accuracy less b's.
std::string compared_line(const plotting::RunList& list, const plotting::PlottedRun& a, const plotting::PlottedRun& b,
                          const Json& entry, double difference, const Json& ends, const std::string& budget);

/// What they say, in lines: what is decided, and how much is not. Empty without comparisons.
std::string comparisons_text(const Json& report);

}  // namespace aigis
