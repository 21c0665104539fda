// What gates that an attack drove open or shut cost on the clock, and not only in multiply-accumulates: a difference
// where closed layers are left out (execution=skip), none where they are masked.
#pragma once

#include <vector>

#include "lib/core/model.h"
#include "lib/data/dataset.h"

namespace aigis {

/// Passes over clean images and over what became of them, in turns, beside whatever else the machine does.
struct Latency {
  std::vector<double> clean, adversarial;  ///< seconds an image, of each batch

  void merge(const Latency& other);
  /// {"clean_ms", "adversarial_ms": medians, "ratio": {"value", "ci95"}: median of adversarial over clean, whose
  /// interval is null for few batches, "batches"}; null without any.
  Json to_json() const;
};

/// Times of a gated model over one batch, the median of a few turns; none of a model without gates. Waits for the
/// device.
Latency measure_latency(Model& target, const Batch& batch, const at::Tensor& adversarial, uint64_t seed);

}  // namespace aigis
