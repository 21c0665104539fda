#include "models/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/text.h"
#include "models/checkpoint_metadata.h"

namespace aigis {
namespace {

/// The architecture with every option that shaped the weights, so that a later default cannot change its meaning.
Spec complete(const Spec& architecture, const Json& options) {
  const ModelFamily* family = find_architecture(architecture.name).first;
  Spec whole = Spec::of(architecture.name, options);
  std::erase_if(whole.options, [&](const auto& option) {
    return std::find(family->run_options.begin(), family->run_options.end(), option.first) != family->run_options.end();
  });
  return whole;
}

}  // namespace

UnknownOption::UnknownOption(const std::string& path, const std::string& architecture, const std::string& key,
                             const std::vector<std::string>& taken)
    : InputError(fmt::format("model '{}': {}", path, unknown_name("option of a trained " + architecture, key, taken))),
      path_(path), architecture_(architecture), key_(key), taken_(taken) {}

UnknownOption UnknownOption::beside(const std::vector<std::string>& others) const {
  std::vector<std::string> all = taken_;
  all.insert(all.end(), others.begin(), others.end());
  return {path_, architecture_, key_, all};
}

bool is_checkpoint(const Spec& spec) {
  return spec.name.ends_with(".safetensors") || spec.name.find('/') != std::string::npos;
}

Safetensors pack_checkpoint(Network& network, const Spec& architecture, const std::vector<std::string>& classes,
                            const Json& record) {
  Safetensors content;
  content.metadata["format"] = kCheckpointFormat;
  content.metadata["architecture"] = complete(architecture, network.card().options).text();
  content.metadata["classes"] = Json(classes).dump();
  content.metadata["input"] = Json(network.card().input).dump();
  if (!network.execution_rates().empty()) content.metadata["execution_rates"] = Json(network.execution_rates()).dump();
  if (!record.is_null()) content.metadata["record"] = record.dump();
  for (const auto& list : {network.named_weights(), network.named_statistics()}) {
    for (const auto& [name, tensor] : list) content.tensors[name] = tensor;
  }
  return content;
}

Safetensors converted_checkpoint(const std::string& path, at::ScalarType type) {
  const LoadedNetwork loaded = read_network(Spec{path, "", {}});
  Safetensors content = read_safetensors(path);
  for (const auto& [name, weight] : loaded.network->named_weights()) {
    at::Tensor& tensor = content.tensors.at(name);
    tensor = tensor.to(type);
    if (!tensor.isfinite().all().item<bool>()) {
      throw InputError(fmt::format("{}: tensor '{}' holds values too large for this precision", path, name));
    }
  }
  return content;
}

void unpack_weights(const Safetensors& content, Network& network, const std::string& path) {
  std::set<std::string> used;
  for (const auto& list : {network.named_weights(), network.named_statistics()}) {
    for (const auto& [name, tensor] : list) {
      const auto found = content.tensors.find(name);
      if (found == content.tensors.end()) {
        throw InputError(fmt::format("{}: tensor '{}' is missing; expected the weights of {}", path, name,
                                     network.card().architecture));
      }
      if (found->second.sizes() != tensor.sizes()) {
        throw InputError(fmt::format("{}: tensor '{}' has shape {}; {} expects {}", path, name,
                                     fmt::join(found->second.sizes(), "x"), network.card().architecture,
                                     fmt::join(tensor.sizes(), "x")));
      }
      if (!at::isFloatingType(found->second.scalar_type())) {
        throw InputError(fmt::format("{}: tensor '{}' holds whole numbers; expected floating point", path, name));
      }
      if (!found->second.isfinite().all().item<bool>()) {
        throw InputError(fmt::format("{}: tensor '{}' holds NaN or infinity", path, name));
      }
      const at::Tensor given = found->second.to(tensor.scalar_type());
      if (!given.isfinite().all().item<bool>()) {
        throw InputError(fmt::format("{}: tensor '{}' holds values too large for float32", path, name));
      }
      const bool variance = name.ends_with("running_var"), deviation = name == "normalize.std";
      if ((variance && given.lt(0).any().item<bool>()) || (deviation && given.le(0).any().item<bool>())) {
        throw InputError(fmt::format("{}: tensor '{}' holds values {} 0; expected {}", path, name,
                                     variance ? "below" : "of at most", variance ? "variances" : "deviations"));
      }
      tensor.detach().copy_(given);
      used.insert(name);
    }
  }
  for (const auto& [name, tensor] : content.tensors) {
    if (!used.contains(name)) {
      throw InputError(fmt::format("{}: tensor '{}' does not belong to {}", path, name, network.card().architecture));
    }
  }
}

LoadedNetwork read_network(const Spec& spec) {
  const std::string& path = spec.name;
  const std::string bytes = read_file(path);
  Safetensors content = parse_safetensors(bytes, path);
  if (!spec.path.empty()) throw InputError(fmt::format("model '{}': expected key=value, got '{}'", path, spec.path));
  const auto named =
      std::find_if(spec.options.begin(), spec.options.end(), [](const auto& o) { return o.first == "architecture"; });
  auto [architecture, shape, classes] = named == spec.options.end() ? described_by_metadata(content, path)
                                                                    : described_by_option(content, named->second, path);
  if (shape.classes < 2) {
    throw InputError(fmt::format("{}: it has {} classes; expected at least 2", path, shape.classes));
  }
  const auto& allowed = find_architecture(architecture.name).first->run_options;
  for (const auto& [key, value] : spec.options) {
    if (key == "architecture") continue;
    if (named == spec.options.end() && std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      throw UnknownOption(path, architecture.name, key, allowed);
    }
    architecture.options.emplace_back(key, value);
  }
  shape.is_drawn = false;
  LoadedNetwork loaded{{spec.text(), path, sha256(bytes), nullptr, classes}, nullptr};
  try {
    loaded.network = make_network(architecture, shape);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", path, error.what()));
  }
  unpack_weights(content, *loaded.network, path);
  loaded.record = record_of(content, path);
  try {
    if (const auto rates = execution_rates_of(content, path); !rates.empty()) {
      loaded.network->set_execution_rates(rates);
    }
  } catch (const InputError& error) {
    throw InputError(fmt::format("model '{}': {}", spec.text(), error.what()));
  }
  loaded.network->set_training(false);
  return loaded;
}

LoadedNetwork load_network(const Spec& spec, at::Device device, at::ScalarType type) {
  LoadedNetwork loaded = read_network(spec);
  loaded.network->move_to(device, type);
  try {
    loaded.network->freeze();
  } catch (const InputError& error) {
    throw InputError(fmt::format("model '{}': {}", spec.text(), error.what()));
  }
  return loaded;
}

}  // namespace aigis
