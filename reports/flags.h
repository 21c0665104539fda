// Checks that an evaluation makes of itself. What they find stands beside the numbers it concerns.
#pragma once

#include <string>
#include <vector>

#include "lib/eval/tally.h"
#include "reports/report.h"

namespace aigis {

/// One flag: what was looked at, how bad it is (info, warning or error), a sentence and its numbers.
Json flag(const char* check, const char* level, std::string message, Json numbers);

/// The same for flags that differ in their numbers alone.
std::string kind_of_flag(const Json& flag);

/// A flag where a model's classes have other names than the data's, whose labels then mean something else to it; null
/// where they are the same, or where the model names none.
Json other_class_names(const std::vector<std::string>& of_model, const std::vector<std::string>& of_data);

/// Flags of one attack at one budget: budget or box overstepped, proposals or gradients that are not finite, gradients
/// that vanish, answers that changed though the attack was to keep them, clean accuracy that the checkpoint's record
/// makes implausible, or that there was nothing to compare with.
Json make_flags(const SweepPlan& plan, const Run& run, const RunTally& tally, const CellTally& cell,
                const ReportedModel& model);

}  // namespace aigis
