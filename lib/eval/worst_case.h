// The worst of several attacks, image by image.
#pragma once

#include "lib/eval/batch_parts.h"
#include "lib/eval/proposal.h"

namespace aigis {

/// For each image of a batch the result of the run in which the fewest draws were right, of several that in which the
/// fewest were right in 8 bits, too, and of these the first; and who broke how many that none before had broken.
/// `worst` is one of `runs`, `e` the budget's index; `done` has the parts of all runs that it is of.
Proposal worst_case(const std::vector<Run>& runs, const Run& worst, size_t e, const BatchParts& done,
                    const Batch& batch);

}  // namespace aigis
