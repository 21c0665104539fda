// The graph that a gated model runs for a class, on average (ConvNet-AIG, figure 4).
#pragma once

#include <string>

#include "attacks/parts/gate_term.h"
#include "lib/data/dataset.h"
#include "lib/eval/victim.h"

namespace aigis {

/// The term that draws gates to the graph of a class, by the mean of its images; each gate weighs as much as its rate
/// differs between classes (the variance of their means). Throws InputError, with the attack's name, if no image is of
/// the class.
std::shared_ptr<const GateTerm> towards_class(const std::string& attack, Victim& victim, const Batch& images,
                                              int64_t klass, double confidence);

/// Throws InputError unless a model has such a class.
void check_class(int64_t klass, const ModelCard& card);

}  // namespace aigis
