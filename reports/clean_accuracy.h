// Clean accuracy, held against what the checkpoint's training recorded of it.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/eval/tally.h"
#include "lib/metrics/interval.h"
#include "reports/report.h"

namespace aigis {

/// Clean accuracy beside that on held-out images, which training wrote into the checkpoint.
struct CleanComparison {
  double now = 0;
  Interval now_ci95;
  int64_t images = 0;
  double recorded = 0;
  Interval recorded_ci95;

  double distance() const;  ///< in standard errors
  /// Further apart than happens by accident in one case of 15,000: by standard errors, which are those of both, and,
  /// for where images are few, by the binomial distribution.
  bool is_implausible() const;
  /// The least fall from the record that is, or, if none is, the least rise; null where images are too few for any.
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

}  // namespace aigis
