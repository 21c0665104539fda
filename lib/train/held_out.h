// Accuracy and execution rates on images that training does not learn from.
#pragma once

#include <functional>
#include <vector>

#include "lib/core/model.h"
#include "lib/data/dataset.h"
#include "lib/metrics/interval.h"

namespace aigis {

struct HeldOutResult {
  Proportion accuracy;
  std::vector<double> rates;  ///< execution rate of each gated layer; empty without gates
  double mean_rate() const;
};

/// One pass over `data` with the model as it is, in float32. Gates sample from the stream of verdicts. `perturb` gives
/// the images to judge in place of a batch's own.
HeldOutResult evaluate_held_out(Model& model, const Dataset& data, uint64_t seed, at::Device device,
                                const std::function<at::Tensor(const Batch&)>& perturb = {});

}  // namespace aigis
