// What `aigis train --resume` needs, in one safetensors file: weights, statistics, the optimiser's velocities, averaged
// weights, and in its metadata the curve and the settings.
#pragma once

#include <string>

#include "lib/train/trainer.h"

namespace aigis {

/// `config` holds what decides the weights. The file is replaced as a whole.
void write_train_state(const std::string& path, const Json& config, Network& network, const Trainer& trainer);

/// Puts a state into network and trainer. Throws InputError where the file is no such state, or was trained with other
/// settings than `config`, but for cuda_graph; `config` takes over the hash of the weights that training began with.
void read_train_state(const std::string& path, Json& config, Network& network, Trainer& trainer);

}  // namespace aigis
