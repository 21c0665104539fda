// Which model is more robust than which: every pair of models under the same attack, on the same images.
#pragma once

#include <string>
#include <vector>

#include "lib/core/json.h"

namespace aigis {

/// Whether a run of a report says of clean images alone: without an attack, or within budget 0.
bool is_clean(const Json& run);
bool is_clean(const std::string& attack, double epsilon);

/// Which comparisons one of this run is corrected with: without an attack, under the worst case of all attacks, or
/// under single ones. The worst case rules a claim, and attacks that repeat each other must take nothing from it.
std::string family_of(const Json& run);

/// "comparisons" of a report, under attacks that want a wrong answer, and without any. `hits`: for each of its runs the
/// draws in which each image's label was right.
Json comparisons_json(const Json& runs, const std::vector<std::vector<int64_t>>& hits);

}  // namespace aigis
