// Accuracy over all budgets as one number, and which model's is higher.
#pragma once

#include <vector>

#include "lib/core/json.h"

namespace aigis {

/// "curves" of a report: for each model, attack, defense and access with several budgets the mean of accuracy over
/// budgets from 0 to the largest (the area below the curve, by trapezoids, over its width), and
/// "curve_comparisons": every two models' under the same attack. `hits` and `clean_hits`: for each run of the report
/// the draws in which each image's label was right, under the attack and without.
void add_curves(Json& report, const std::vector<std::vector<int64_t>>& hits,
                const std::vector<std::vector<int64_t>>& clean_hits);

}  // namespace aigis
