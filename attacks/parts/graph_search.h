// The fewest gates that have to be flipped for a wrong answer, the image being what it is.
#pragma once

#include "lib/data/dataset.h"
#include "lib/eval/victim.h"

namespace aigis {

struct GraphSearch {
  int64_t most_flips = 9;
  /// Graphs of each size from which the next size is made. The search is exhaustive while they are all, as by default
  /// with up to nine gates.
  int64_t beam = 128;
};

struct FlippedGraphs {
  at::Tensor graph;  ///< [N, L]: for each image the graph found; without one, the flips that come nearest
  /// [N] int64, how many gates it flips; 0 where the answer is wrong already, in all of the model's draws; -1 where no
  /// graph does it.
  at::Tensor flips;
  at::Tensor flipped;  ///< [N, L] of 0 and 1: the gates that it flips

  /// `rows` are int64 on the CPU.
  FlippedGraphs select(const at::Tensor& rows) const;
};

/// Graphs grow gate by gate from those that lower the label's margin most, beginning with that of the clean image; of
/// random gates, with that of the first draw in which the answer is right. Asks the model once for each graph.
FlippedGraphs fewest_flips(Victim& victim, const Batch& batch, const GraphSearch& search);

}  // namespace aigis
