#include "models/checkpoint_metadata.h"

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>

#include "lib/core/error.h"

namespace aigis {

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
  if (text("format") != kCheckpointFormat) {
    throw InputError(
        fmt::format("{}: its format is '{}'; this version reads '{}'", path, text("format"), kCheckpointFormat));
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

Description described_by_option(Safetensors& content, const std::string& name, const std::string& path) {
  Description described{Spec{name, "", {}}, {}, {}};
  try {
    const auto [family, depth] = find_architecture(name);
    described.shape = standard_shape(*family, depth);
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

Json record_of(const Safetensors& content) {
  const auto found = content.metadata.find("record");
  if (found == content.metadata.end()) return nullptr;
  Json record;
  try {
    record = parse_json(found->second, "record");
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

}  // namespace aigis
