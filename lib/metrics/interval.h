// Accuracies and other shares with their 95 % intervals.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/core/json.h"

namespace aigis {

/// Standard errors from the middle of a normal distribution to either end of its central 95 %.
inline constexpr double kNormal95 = 1.959963984540054;

/// A 95 % interval.
struct Interval {
  double low = 0, high = 1;
  double standard_error() const { return (high - low) / (2 * kNormal95); }
  bool excludes_zero() const { return low > 0 || high < 0; }
  Json to_json() const { return {low, high}; }
};

/// Wilson's score interval (Wilson 1927) for `successes` in `trials`; both may be fractional. [0, 1] without trials.
Interval wilson(double successes, double trials, double z = kNormal95);

/// The interval of the mean of what each image has between 0 and 1: Wilson's at the effective sample size p(1-p) /
/// Var(mean) (Korn & Graubard 1998), which is at least the number of images. It is that number where images are equal,
/// and where fewer than 20 have the rarer of share and rest, by (sum s)^2 / sum s^2: they tell too little of how much
/// images differ. [0, 1] without images.
Interval mean_share_interval(const std::vector<double>& shares);

/// The interval of a mean by the normal approximation; a point for one value, or for equal ones.
Interval mean_interval(const std::vector<double>& values);

double mean_of(const std::vector<double>& values);  ///< 0 without values

/// A proportion over images, each judged in one or several draws.
///
/// With one draw an image's success is 0 or 1. With several it is the mean over its draws; the draws of one image
/// are not independent, so images are clusters: Wilson's interval is taken at the effective sample size
/// p(1-p) / Var(mean) (Korn & Graubard 1998), at least the number of images and at most that of all draws. How much
/// images differ is hardly known where the rarer outcome is that of a few of them, as one success in all, which must
/// not tell more than none: with h_i such outcomes of image i an image counts for at most (sum h)^2 / sum h^2 / 20
/// trials, or one.
class Proportion {
 public:
  /// One more image that succeeded in `hits` of `draws` draws. `draws` is the same for all.
  void add(int64_t hits, int64_t draws);
  void merge(const Proportion& other);

  double value() const;
  double successes() const;  ///< in images; fractional with several draws
  int64_t trials() const { return images_; }
  Interval interval() const;
  /// Where an image's draws are of unlike things, as of several layers, images may differ by less than equal chances
  /// would let them: mean_share_interval() of their shares.
  Interval share_interval() const;
  /// {"value", "successes", "trials", "ci95"}; value and interval are null without trials.
  Json to_json() const;

  /// For journals: whole numbers only, so that adding up in any order gives the same.
  Json counts() const;
  static Proportion from_counts(const Json& counts);

 private:
  double variance_of_value() const;
  double known_trials() const;

  int64_t images_ = 0, draws_ = 1, hits_ = 0, hits_squared_ = 0;
};

}  // namespace aigis
