// Times of work on a noisy machine: medians, and a fair comparison of two pieces, run in turns and compared pair by
// pair.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace aigis {

/// Median time of `passes` runs of `work` after `warm_up` uncounted ones.
double median_seconds(const std::function<void()>& work, int64_t passes, int64_t warm_up = 3);

struct PairedResult {
  double a_seconds = 0, b_seconds = 0;  ///< medians
  double ratio = 0;                     ///< median of a/b over pairs
  double low = 0, high = 0;             ///< 95 % interval of that median, by order statistics
  int64_t pairs = 0;

  /// "95 % interval", or "range" where there are too few pairs for one.
  const char* interval_name() const;
  std::string text(const std::string& a, const std::string& b, int64_t images) const;
};

/// Runs a and b in turns, `pairs` times after `warm_up` uncounted pairs. Which goes first alternates. `besides`, if
/// any, is asked after each run of either how many seconds of it are not to be counted.
PairedResult measure_pairs(const std::function<void()>& a, const std::function<void()>& b, int64_t pairs,
                           const std::function<double()>& besides = {}, int64_t warm_up = 3);

}  // namespace aigis
