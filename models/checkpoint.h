// Checkpoints: weights, the architecture they belong to and how they came about, in one safetensors file.
#pragma once

#include <memory>
#include <string>

#include "lib/core/spec.h"
#include "lib/ops/safetensors.h"
#include "models/list.h"

namespace aigis {

/// A model ready for evaluation, and what its file says of it.
struct LoadedModel {
  std::string id;  ///< the spec it was asked for with, such as "models/aig-20.safetensors:gates=argmax"
  std::string path;
  std::string sha256;                ///< of the file
  Json record;                       ///< the training record, null if the file has none
  std::vector<std::string> classes;  ///< names of its outputs; empty if the file has none
  std::shared_ptr<Network> network;
};

/// The weights and statistics of a network with its architecture in the metadata.
/// `architecture` is the spec it was built from; `classes` are the names of its outputs.
Safetensors pack_checkpoint(Network& network, const Spec& architecture, const std::vector<std::string>& classes,
                            const Json& record);

/// Copies tensors into a network of the same architecture. Throws InputError that names the first tensor that is
/// missing, unknown or of another shape.
void unpack_weights(const Safetensors& content, Network& network, const std::string& path);

/// Loads `models/aig-20.safetensors:gates=argmax` in evaluation mode, on the device, frozen.
/// Only options that act at inference may be given. A bare state dict, such as torchvision's, is loaded by naming its
/// architecture: `resnet50.safetensors:architecture=resnet-50`; ImageNet's normalization is then assumed. `type` is
/// float32 but for tests in float64.
LoadedModel load_model(const Spec& spec, at::Device device = at::kCPU, at::ScalarType type = at::kFloat);

/// True for a path of a checkpoint, false for the name of an architecture.
bool is_checkpoint(const Spec& spec);

}  // namespace aigis
