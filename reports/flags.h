// Checks that an evaluation makes of itself. What they find stands beside the numbers it concerns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/eval/tally.h"
#include "lib/metrics/interval.h"
#include "reports/report.h"

namespace aigis {

/// One flag: what was looked at, how bad it is (info, warning or error), a sentence and its numbers.
Json flag(const char* check, const char* level, std::string message, Json numbers);

/// Clean accuracy beside that on held-out images, which training wrote into the checkpoint.
struct CleanComparison {
  double now = 0;
  int64_t images = 0;
  double recorded = 0;
  Interval recorded_ci95;
  double error = 0;  ///< standard error of the difference

  double distance() const;  ///< in standard errors
  /// Further apart than happens by accident in one case of 15,000: by standard errors, which are those of both, and,
  /// for where images are few, by the binomial distribution.
  bool is_implausible() const;
  /// The least difference that is; null where images are too few for any.
  std::optional<double> smallest_effect() const;
  Json to_json() const;

 private:
  /// The probability of as many right, or of numbers further off, if the middle of the record's interval were the
  /// truth.
  double chance(int64_t right) const;
};
/// Whether a run is one whose clean accuracy is compared: without a defense, where the sweep has such runs.
bool is_for_clean_accuracy(const SweepPlan& plan, const Run& run);
/// Null behind a defense, and where the checkpoint records none for this data set and mode of the gates.
std::optional<CleanComparison> compare_clean(const SweepPlan& plan, const Run& run, const RunTally& tally,
                                             const ReportedModel& model);

/// A flag where a model's classes have other names than the data's, whose labels then mean something else to it; null
/// where they are the same, or where the model names none.
Json other_class_names(const std::vector<std::string>& of_model, const std::vector<std::string>& of_data);

/// Flags of one attack at one budget: budget or box overstepped, proposals or gradients that are not finite, gradients
/// that vanish, answers that changed though the attack was to keep them, clean accuracy that the checkpoint's record
/// makes implausible, or that there was nothing to compare with.
Json make_flags(const SweepPlan& plan, const Run& run, const RunTally& tally, const CellTally& cell,
                const ReportedModel& model);

}  // namespace aigis
