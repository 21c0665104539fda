// How much of a gate's randomness is a choice: the share of its variance that is due to the image.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lib/metrics/interval.h"

namespace aigis {

/// A gate over images that were each drawn several times with fresh noise.
///
/// With E[g|x] the probability that the gate opens for image x, the law of total variance says
/// Var(g) = Var(E[g|x]) + E[Var(g|x)]; the first part over the whole is the intraclass correlation of the draws
/// (Fisher 1925; for binary outcomes Ridout, Demétrio & Firth 1999). It is 0 for a gate that tosses the same coin
/// whatever the image, as stochastic depth does, and 1 for one that the image decides alone.
class ImageShare {
 public:
  /// Throws std::invalid_argument unless `draws` is at least 2: one draw cannot tell image from noise.
  explicit ImageShare(int64_t draws);

  /// One more image, for which the gate was open in `open` of the draws.
  void add(int64_t open);

  /// The analysis-of-variance estimate within [0, 1], and nothing where the gate never changed.
  std::optional<double> value() const;
  /// Normal interval with the variance of the estimate's influence function over images, within [0, 1].
  std::optional<Interval> interval() const;

 private:
  struct Moments {
    double images, mean, between, total;  ///< variance due to the image, and all variance
  };
  Moments moments() const;

  std::vector<int64_t> images_;  ///< [draws + 1] images by number of draws in which the gate was open
};

}  // namespace aigis
