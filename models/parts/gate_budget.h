// gates=budget: exactly so many gated layers run, chosen as the pass goes on.
#pragma once

#include <vector>

#include "lib/core/tensor.h"

namespace aigis {

/// Logit of an execution rate; a layer that always or never ran on the training images is near certain, not infinitely
/// so.
double rate_logit(double rate);

/// The online rule of gates=budget. Before layer l, with `left` layers still to run among those from l on, a gate opens
/// where its logit exceeds -shift[l][left]: the shift at which layers with the logits of their execution rates would
/// run `left` times in expectation. A later gate depends on the layers before it, so the best K cannot be picked at
/// once.
at::Tensor budget_shifts(const std::vector<double>& rates, int64_t budget);

}  // namespace aigis
