// Checks that an evaluation makes of itself. What they find stands beside the numbers it concerns.
#pragma once

#include <optional>

#include "lib/eval/tally.h"
#include "reports/report.h"

namespace aigis {

/// One flag: what was looked at, how bad it is (info, warning or error), a sentence and its numbers.
Json flag(const char* check, const char* level, std::string message, Json numbers);

/// Clean accuracy further from its record than this many standard errors is no accident: one case in 15,000.
inline constexpr double kImplausibleErrors = 4;

/// Clean accuracy beside that on held-out images, which training wrote into the checkpoint.
struct CleanComparison {
  double now = 0, recorded = 0;
  double error = 0;  ///< standard error of their difference
  double distance() const;
  Json to_json() const;
};
/// Whether a run is one whose clean accuracy is compared: without a defense, where the sweep has such runs.
bool is_for_clean_accuracy(const SweepPlan& plan, const Run& run);
/// Null behind a defense, and where the checkpoint records none for this data set and mode of the gates.
std::optional<CleanComparison> compare_clean(const SweepPlan& plan, const Run& run, const RunTally& tally,
                                             const ReportedModel& model);

/// Flags of one attack at one budget: budget or box overstepped, proposals or gradients that are not finite, gradients
/// that vanish, clean accuracy that the checkpoint's record makes implausible, or that there was
/// nothing to compare with.
Json make_flags(const SweepPlan& plan, const Run& run, const RunTally& tally, const CellTally& cell,
                const ReportedModel& model);

}  // namespace aigis
