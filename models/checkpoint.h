// Checkpoints: weights, the architecture they belong to and how they came about, in one safetensors file.
#pragma once

#include <memory>
#include <string>

#include "lib/core/error.h"
#include "lib/core/spec.h"
#include "lib/ops/safetensors.h"
#include "models/list.h"

namespace aigis {

/// What a model's file says of it.
struct ModelFile {
  std::string id;  ///< the spec it was asked for with, such as "models/aig-20.safetensors:gates=argmax"
  std::string path;
  std::string sha256;                ///< of the file
  Json record;                       ///< the training record, null if the file has none
  std::vector<std::string> classes;  ///< names of its outputs; empty if the file has none
};

struct LoadedNetwork : ModelFile {
  std::shared_ptr<Network> network;
};

/// An option that trained networks of an architecture do not take.
class UnknownOption : public InputError {
 public:
  UnknownOption(const std::string& path, const std::string& architecture, const std::string& key,
                const std::vector<std::string>& taken);
  /// The same error where `others` are taken, too.
  UnknownOption beside(const std::vector<std::string>& others) const;
  const std::vector<std::string>& taken() const { return taken_; }

 private:
  std::string path_, architecture_, key_;
  std::vector<std::string> taken_;
};

/// The weights and statistics of a network with its architecture in the metadata.
/// `architecture` is the spec it was built from; `classes` are the names of its outputs.
Safetensors pack_checkpoint(Network& network, const Spec& architecture, const std::vector<std::string>& classes,
                            const Json& record);

/// The checkpoint at `path` with its trained weights in another type. Statistics, of BatchNorm and of the data, stay as
/// they are: a variance can lie beyond float16. Throws InputError if it is none, or holds a weight that `type` cannot.
Safetensors converted_checkpoint(const std::string& path, at::ScalarType type);

/// Copies tensors into a network of the same architecture. Throws InputError that names the first tensor that is
/// missing, unknown or of another shape.
void unpack_weights(const Safetensors& content, Network& network, const std::string& path);

/// Reads `models/aig-20.safetensors:gates=argmax` in evaluation mode, its weights as they are in the file. Only options
/// that act at inference may be given. A bare state dict, such as torchvision's, is read by naming its architecture
/// with whatever options shaped it: `resnet50.safetensors:architecture=resnet-50,stride_at=conv1`; ImageNet's
/// normalization is then assumed. Throws InputError, of an option that acts in training UnknownOption.
LoadedNetwork read_network(const Spec& spec);

/// The same for evaluation and attack: on the device, frozen. `type` is float32 but for tests in float64.
LoadedNetwork load_network(const Spec& spec, at::Device device = at::kCPU, at::ScalarType type = at::kFloat);

/// True for a path of a checkpoint, false for the name of an architecture.
bool is_checkpoint(const Spec& spec);

}  // namespace aigis
