#include "models/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/text.h"

namespace aigis {
namespace {

constexpr const char* kFormat = "aigis-checkpoint 1";

/// An option's value as it is written in a spec.
std::string spec_value(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// The architecture with every option that shaped the weights, so that a later default cannot change its meaning.
Spec complete(const Spec& architecture, const Json& options) {
  const ModelFamily* family = find_architecture(architecture.name).first;
  Spec whole{architecture.name, "", {}};
  for (const auto& [key, value] : options.items()) {
    if (std::find(family->run_options.begin(), family->run_options.end(), key) == family->run_options.end()) {
      whole.options.emplace_back(key, spec_value(value));
    }
  }
  return whole;
}

/// The training record if it has the form that `aigis train` writes, else null: it is information, not weights.
Json usable_record(const std::string& text) {
  const Json record = Json::parse(text, nullptr, false);
  if (!record.is_object() || !record.contains("data") || !record["data"].is_string()) return nullptr;
  if (!record.contains("epochs") || !record["epochs"].is_number_integer()) return nullptr;
  if (!record.contains("held_out") || !record["held_out"].is_object()) return nullptr;
  for (const auto& [mode, result] : record["held_out"].items()) {
    if (!result.is_object() || !result.contains("value") || !result["value"].is_number()) return nullptr;
    if (!result.contains("ci95") || !result["ci95"].is_array() || result["ci95"].size() != 2) return nullptr;
    for (const auto& end : result["ci95"]) {
      if (!end.is_number()) return nullptr;
    }
  }
  return record;
}

}  // namespace

bool is_checkpoint(const Spec& spec) {
  return spec.name.ends_with(".safetensors") || spec.name.find('/') != std::string::npos;
}

Safetensors pack_checkpoint(Network& network, const Spec& architecture, const std::vector<std::string>& classes,
                            const Json& record) {
  Safetensors content;
  content.metadata["format"] = kFormat;
  content.metadata["architecture"] = complete(architecture, network.card().options).text();
  content.metadata["classes"] = Json(classes).dump();
  content.metadata["input"] = Json(network.card().input).dump();
  if (!record.is_null()) content.metadata["record"] = record.dump();
  for (const auto& list : {network.named_weights(), network.named_statistics()}) {
    for (const auto& [name, tensor] : list) content.tensors[name] = tensor;
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
      if (!found->second.isfinite().all().item<bool>()) {
        throw InputError(fmt::format("{}: tensor '{}' holds NaN or infinity", path, name));
      }
      tensor.detach().copy_(found->second);
      used.insert(name);
    }
  }
  for (const auto& [name, tensor] : content.tensors) {
    if (!used.contains(name)) {
      throw InputError(fmt::format("{}: tensor '{}' does not belong to {}", path, name, network.card().architecture));
    }
  }
}

LoadedModel load_model(const Spec& spec, at::Device device, at::ScalarType type) {
  const std::string& path = spec.name;
  const std::string bytes = read_file(path);
  const Safetensors content = parse_safetensors(bytes, path);
  const auto text = [&](const std::string& key) {
    const auto found = content.metadata.find(key);
    if (found == content.metadata.end()) {
      throw InputError(fmt::format("{}: its metadata lacks '{}'; expected a checkpoint written by 'aigis train'", path, key));
    }
    return found->second;
  };
  if (text("format") != kFormat) {
    throw InputError(fmt::format("{}: its format is '{}'; this version reads '{}'", path, text("format"), kFormat));
  }
  Spec architecture = Spec::parse(text("architecture"));
  try {
    find_architecture(architecture.name);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: its metadata names an {}", path, error.what()));
  }
  NetworkShape shape;
  try {
    shape.classes = static_cast<int64_t>(Json::parse(text("classes")).get<std::vector<std::string>>().size());
    shape.input = Json::parse(text("input")).get<std::vector<int64_t>>();
  } catch (const Json::exception&) {
    throw InputError(fmt::format("{}: its metadata 'classes' or 'input' cannot be read", path));
  }
  if (shape.classes < 2) throw InputError(fmt::format("{}: its metadata names {} classes; expected at least 2", path, shape.classes));
  const auto& allowed = find_architecture(architecture.name).first->run_options;
  if (!spec.path.empty()) throw InputError(fmt::format("model '{}': expected key=value, got '{}'", path, spec.path));
  for (const auto& [key, value] : spec.options) {
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      throw InputError(fmt::format("model '{}': {}", path, unknown_name("option of a trained " + architecture.name, key, allowed)));
    }
    architecture.options.emplace_back(key, value);
  }
  LoadedModel model{spec.text(), path, sha256(bytes), nullptr, make_network(architecture, shape)};
  unpack_weights(content, *model.network, path);
  if (content.metadata.contains("record")) model.record = usable_record(content.metadata.at("record"));
  model.network->move_to(device, type);
  model.network->freeze();
  return model;
}

}  // namespace aigis
