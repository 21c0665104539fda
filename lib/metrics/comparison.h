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

/// Image by image, the success of one less that of the other: -1, 0 or 1, and between where it is a mean over draws.
class PairedComparison {
 public:
  /// One more image: `hits_a` of `draws_a` draws succeeded with one, `hits_b` of `draws_b` with the other.
  void add(int64_t hits_a, int64_t draws_a, int64_t hits_b, int64_t draws_b);
  /// One more image of which `difference` is known, from -1 to 1.
  void add(double difference);

  int64_t images() const { return static_cast<int64_t>(in_steps_.size()); }
  double difference() const;  ///< mean; 0 without images
  /// The interval of the difference, by the adjusted Wald method: as if one more image spoke for each (Bonett & Price
  /// 2012).
  Interval interval() const;
  /// Two-sided probability of a difference at least as large if neither were ahead, by the sign-flip test: where every
  /// image has one draw, McNemar's exact test. Differences are rounded to steps that means over up to ten draws, or
  /// over budgets that double, are multiples of.
  double p_value() const;

 private:
  std::pair<double, double> adjusted() const;  ///< mean and its standard error

  std::vector<int64_t> in_steps_;  ///< each image's difference
  double sum_ = 0, sum_of_squares_ = 0;
};

/// P(X <= k) of n trials that each succeed with probability p.
double binomial_tail(int64_t k, int64_t n, double p);

/// Two-sided probability of a sum at least as far from 0 if each difference had its sign from a fair coin (Fisher's
/// randomization test; of differences of one size it is McNemar's). It is exact where these are of one size, or at most
/// 300 are not 0, and takes time and memory by the sum of their sizes in units of their common divisor; of more it is
/// the normal approximation.
double sign_flip_p(const std::vector<int64_t>& differences);

/// Probabilities adjusted for being the smallest of many, so that all that stay below a level are below it together
/// with that certainty (Holm 1979), in the order given.
std::vector<double> holm(const std::vector<double>& p_values);
/// The same among those of each family alone; `families` names that of each probability.
std::vector<double> holm(const std::vector<double>& p_values, const std::vector<std::string>& families);

}  // namespace aigis
