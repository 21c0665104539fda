// Two models judged on the same images: by how much one is ahead, and whether that could be chance.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lib/metrics/interval.h"

namespace aigis {

/// What is less likely than this by chance alone is told apart.
inline constexpr double kSignificance = 0.05;

/// Whether a difference is told apart from none: by a test, and by its interval.
inline bool is_decided(double p, const Interval& difference) { return p < kSignificance && difference.excludes_zero(); }

/// P(X <= k) of n trials that each succeed with probability p.
double binomial_tail(int64_t k, int64_t n, double p);

/// Two-sided probability of a sum at least as far from 0 if each difference had its sign from a fair coin (Fisher's
/// randomization test; of differences of one size it is McNemar's). It is exact where these are of one size, and where
/// at most 300 are not 0 and come to no more than 200,000 times their common divisor: time and memory grow with that.
/// Beyond it sizes are rounded up, by which it is too large and never too small: much too large where a few differences
/// dwarf the rest. Of more differences it is the normal approximation.
double sign_flip_p(const std::vector<int64_t>& differences);

/// Image by image, the success of one less that of the other: -1, 0 or 1, and between where it is a mean over draws.
class PairedComparison {
 public:
  /// Of each image so many draws are counted with one and with the other.
  explicit PairedComparison(int64_t draws_a = 1, int64_t draws_b = 1);
  /// One more image: so many of its draws succeeded with either.
  void add(int64_t hits_a, int64_t hits_b);

  int64_t images() const { return static_cast<int64_t>(differences_.size()); }
  /// Each image's, as a whole number of the same unit, so that equal sums are equal.
  const std::vector<int64_t>& differences() const { return differences_; }
  double difference() const;  ///< mean; 0 without images
  /// The interval of the difference, by the adjusted Wald method: as if one more image spoke for each (Bonett & Price
  /// 2012).
  Interval interval() const;
  /// Two-sided probability of a difference at least as large if neither were ahead, by the sign-flip test: where every
  /// image has one draw, McNemar's exact test.
  double p_value() const { return sign_flip_p(differences_); }

 private:
  double sum() const;                          ///< of the differences
  std::pair<double, double> adjusted() const;  ///< mean and its standard error

  std::vector<int64_t> differences_;
  int64_t whole_;        ///< what of these units a difference of 1 is
  int64_t of_a_, of_b_;  ///< and one draw of either
};

/// Probabilities adjusted for being the smallest of many, so that all that stay below a level are below it together
/// with that certainty (Holm 1979), in the order given.
std::vector<double> holm(const std::vector<double>& p_values);
/// The same among those of each family alone; `families` names that of each probability.
std::vector<double> holm(const std::vector<double>& p_values, const std::vector<std::string>& families);

}  // namespace aigis
