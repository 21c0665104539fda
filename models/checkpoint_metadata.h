// What the file of a network says beside its weights.
#pragma once

#include <string>
#include <vector>

#include "lib/core/spec.h"
#include "lib/ops/safetensors.h"
#include "models/list.h"

namespace aigis {

inline constexpr const char* kCheckpointFormat = "aigis-checkpoint 1";

/// The network that weights belong to.
struct Description {
  Spec architecture;
  NetworkShape shape;
  std::vector<std::string> classes;  ///< names of its outputs; empty if the file has none
};

/// What a checkpoint of aigis says of itself in its metadata. Throws InputError that begins with `path`, as do the
/// others.
Description described_by_metadata(const Safetensors& content, const std::string& path);

/// What a bare state dict of another program, such as torchvision's, belongs to, by the architecture that a user named.
/// Makes it one of ours: drops BatchNorm's counters, and adds the normalization that torchvision leaves to its users.
Description described_by_option(Safetensors& content, const std::string& architecture, const std::string& path);

/// The share of training images that ran each gated layer; empty if the file does not say.
std::vector<double> execution_rates_of(const Safetensors& content, const std::string& path);

/// The training record that `aigis train` writes; null if the file has none.
Json record_of(const Safetensors& content, const std::string& path);

}  // namespace aigis
