// Intervals of means over images, by drawing images again and again (Efron 1979).
#pragma once

#include <vector>

#include "lib/core/tensor.h"
#include "lib/metrics/interval.h"

namespace aigis {

/// The same resamples for everything that is measured on the same images, always the same for their number.
class Bootstrap {
 public:
  explicit Bootstrap(int64_t images, int64_t resamples = 2000);

  struct Result {
    double mean = 0;
    Interval interval;  ///< 95 %, by percentiles of the resampled means
  };
  /// One number for each image; all is 0 without images.
  Result mean(const std::vector<double>& values) const;

 private:
  at::Tensor weights_;  ///< [resamples, images] float32, how often each image was drawn
};

}  // namespace aigis
