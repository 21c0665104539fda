#include "models/checkpoint.h"

#include <ATen/ops/tensor.h>
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

/// The architecture with every option that shaped the weights, so that a later default cannot change its meaning.
Spec complete(const Spec& architecture, const Json& options) {
  const ModelFamily* family = find_architecture(architecture.name).first;
  Spec whole = Spec::of(architecture.name, options);
  std::erase_if(whole.options, [&](const auto& option) {
    return std::find(family->run_options.begin(), family->run_options.end(), option.first) != family->run_options.end();
  });
  return whole;
}

/// The training record if it has the form that `aigis train` writes, else null: it is information, not weights.
Json usable_record(const std::string& text) {
  Json record;
  try {
    record = parse_json(text, "record");
  } catch (const InputError&) {
    return nullptr;
  }
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
  if (!network.execution_rates().empty()) content.metadata["execution_rates"] = Json(network.execution_rates()).dump();
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
      if (!at::isFloatingType(found->second.scalar_type())) {
        throw InputError(fmt::format("{}: tensor '{}' holds whole numbers; expected floating point", path, name));
      }
      if (!found->second.isfinite().all().item<bool>()) {
        throw InputError(fmt::format("{}: tensor '{}' holds NaN or infinity", path, name));
      }
      const bool variance = name.ends_with("running_var"), deviation = name == "normalize.std";
      if ((variance && found->second.lt(0).any().item<bool>()) ||
          (deviation && found->second.le(0).any().item<bool>())) {
        throw InputError(fmt::format("{}: tensor '{}' holds values {} 0; expected {}", path, name,
                                     variance ? "below" : "of at most", variance ? "variances" : "deviations"));
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

namespace {

/// What a checkpoint's metadata say, or for a bare state dict of another program the user's option `architecture`.
struct Description {
  Spec architecture;
  NetworkShape shape;
  std::vector<std::string> classes;
};

Description described_by_metadata(const Safetensors& content, const std::string& path) {
  const auto text = [&](const std::string& key) {
    const auto found = content.metadata.find(key);
    if (found == content.metadata.end()) {
      throw InputError(
          fmt::format("{}: its metadata lacks '{}'; expected a checkpoint written by 'aigis train', or name the "
                      "architecture of a bare state dict: {}:architecture=resnet-50",
                      path, key, path));
    }
    return found->second;
  };
  if (text("format") != kFormat) {
    throw InputError(fmt::format("{}: its format is '{}'; this version reads '{}'", path, text("format"), kFormat));
  }
  Description described{Spec::parse(text("architecture")), {}, {}};
  try {
    find_architecture(described.architecture.name);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: its metadata names an {}", path, error.what()));
  }
  try {
    const auto listed = [&](const char* key) {
      return parse_json(text(key), fmt::format("{}: its metadata '{}'", path, key));
    };
    described.classes = listed("classes").get<std::vector<std::string>>();
    described.shape.classes = static_cast<int64_t>(described.classes.size());
    described.shape.input = listed("input").get<std::vector<int64_t>>();
  } catch (const Json::exception&) {
    throw InputError(fmt::format("{}: its metadata 'classes' or 'input' cannot be read", path));
  }
  return described;
}

/// Makes a state dict of torchvision one of ours: drops BatchNorm's counters, and adds the normalization that
/// torchvision leaves to its users.
Description described_by_option(Safetensors& content, const std::string& name, const std::string& path) {
  Description described{Spec{name, "", {}}, {}, {}};
  try {
    const auto [family, depth] = find_architecture(name);
    described.shape = standard_shape(family->name, depth);
  } catch (const InputError& error) {
    throw InputError(fmt::format("model '{}': architecture '{}': {}", path, name, error.what()));
  }
  std::erase_if(content.tensors, [](const auto& entry) { return entry.first.ends_with(".num_batches_tracked"); });
  const auto head = content.tensors.find("fc.weight");
  if (head == content.tensors.end() || head->second.dim() != 2) {
    throw InputError(
        fmt::format("{}: tensor 'fc.weight' is missing or no matrix; expected the weights of {}", path, name));
  }
  described.shape.classes = head->second.size(0);
  if (described.shape.input[1] > 32) {
    content.tensors.emplace("normalize.mean", at::tensor({0.485, 0.456, 0.406}, at::kFloat).view({3, 1, 1}));
    content.tensors.emplace("normalize.std", at::tensor({0.229, 0.224, 0.225}, at::kFloat).view({3, 1, 1}));
  }
  return described;
}

std::vector<double> execution_rates_of(const Safetensors& content, const std::string& path) {
  const auto found = content.metadata.find("execution_rates");
  if (found == content.metadata.end()) return {};
  const Json rates = parse_json(found->second, path + ": its metadata 'execution_rates'");
  const bool usable = rates.is_array() && std::all_of(rates.begin(), rates.end(), [](const Json& rate) {
                        return rate.is_number() && rate.get<double>() >= 0 && rate.get<double>() <= 1;
                      });
  if (!usable) throw InputError(fmt::format("{}: its metadata 'execution_rates' are not numbers from 0 to 1", path));
  return rates.get<std::vector<double>>();
}

}  // namespace

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
      throw InputError(
          fmt::format("model '{}': {}", path, unknown_name("option of a trained " + architecture.name, key, allowed)));
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
  if (content.metadata.contains("record")) loaded.record = usable_record(content.metadata.at("record"));
  try {
    if (const auto rates = execution_rates_of(content, path); !rates.empty())
      loaded.network->set_execution_rates(rates);
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
