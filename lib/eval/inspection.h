// What a model does with a data set when nobody attacks it: accuracy, and how its gates spend their layers.
#pragma once

#include <vector>

#include "lib/eval/tally.h"
#include "lib/metrics/image_share.h"

namespace aigis {

struct Inspection {
  PassTally pass;
  std::vector<double> executed;        ///< [N] gated layers that ran, mean over draws; empty without gates
  std::vector<ImageShare> adaptivity;  ///< [L]; empty without gates or with a single draw
};

/// Passes the whole data set through the model as an evaluation's clean pass does, with the same gate noise.
Inspection inspect(Model& model, const Dataset& data, uint64_t seed, at::Device device);

/// Positions of those images of a class that use the fewest layers and the most, the most extreme first; among equals
/// the first in the data set. No image is in both lists.
struct Extremes {
  std::vector<int64_t> fewest, most;
};
Extremes extremes(const Inspection& inspection, const Dataset& data, int64_t klass, int64_t count);

}  // namespace aigis
