// What models, data and flags must have in common before anything runs. All throw InputError.
#pragma once

#include <string>

#include "lib/eval/sweep.h"

namespace aigis {

/// Unless the model takes the data set's images and has its number of classes.
void check_fit(const std::string& id, const ModelCard& card, const Dataset& data);

/// Where more images are to be saved than fit: they are kept in memory until the report is written.
void check_examples_fit(const SweepPlan& plan);

/// Where no pass over any image could be shorter than over another, which `latency` would time.
void check_latency(const SweepPlan& plan);

}  // namespace aigis
