// A run judged again from its saved images.
#pragma once

#include <functional>

#include "cli/examples.h"

namespace aigis {

struct Recount {
  RunTally tally;      ///< of the run's one budget, over the images that were saved
  int64_t differ = 0;  ///< images whose verdict is not the saved one, and that are no near ties
  int64_t turned = 0;  ///< near ties whose verdict is not the saved one

  void merge(const Recount& other) {
    tally.merge(other.tally);
    differ += other.differ;
    turned += other.turned;
  }
};

/// The classes that a run's attack aimed at, of a batch of clean images; undefined without a target.
using Wanted = std::function<at::Tensor(const Batch& clean)>;

/// Judges images again by the (defended) model, in batches of the sweep's size, `batch`, and as the sweep ran them:
/// what is rounded is then rounded alike on the same kind of machine. `run` is a run of the report, `swap` whether it
/// swapped gates, `draws` what random gates draw for its verdict; there is at least one image.
Recount recount_run(Model& target, const Json& run, Purpose draws, const Wanted& wanted, const Dataset& data,
                    const ExampleReader::Saved& saved, int64_t batch, bool swap, at::Device device);

}  // namespace aigis
