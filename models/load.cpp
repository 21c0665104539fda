#include "models/load.h"

#include <fmt/format.h>

#include "lib/core/error.h"
#include "models/torchscript.h"

namespace aigis {

LoadedModel load_model(const Spec& spec, at::Device device) {
  if (spec.name == kTorchScript) return load_torchscript(spec, device);
  if (is_checkpoint(spec)) {
    const LoadedNetwork loaded = load_network(spec, device);
    return {loaded, loaded.network};
  }
  find_architecture(spec.name);
  throw InputError(
      fmt::format("model '{}' is an architecture without weights; expected a checkpoint, such as models/{}.safetensors",
                  spec.text(), spec.name));
}

std::string* model_path(Spec& spec) {
  if (spec.name == kTorchScript) return &spec.path;
  return is_checkpoint(spec) ? &spec.name : nullptr;
}

}  // namespace aigis
