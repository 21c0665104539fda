#include "models/checkpoint_metadata.h"

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "lib/core/error.h"

namespace aigis {
namespace {

/// A list in the metadata, each entry of which is usable.
template <class T>
std::vector<T> listed(const std::string& text, const std::string& name, const std::string& expected,
                      const std::function<bool(const Json& entry)>& usable) {
  const Json list = parse_json(text, name);
  if (list.is_array() && std::all_of(list.begin(), list.end(), usable)) return list.get<std::vector<T>>();
  throw InputError(fmt::format("{}: expected {}, got {}", name, expected, list.dump()));
}

bool is_accuracy(const Json& result) {
  if (!result.is_object() || !result.contains("value") || !result.contains("ci95")) return false;
  const Json &value = result["value"], &ends = result["ci95"];
  if (value.is_null()) return ends.is_null();  // no image was held out
  return value.is_number() && ends.is_array() && ends.size() == 2 && ends[0].is_number() && ends[1].is_number();
}

bool is_record(const Json& record) {
  const auto has = [&](const char* key, bool (Json::*is_right)() const noexcept) {
    return record.contains(key) && (record[key].*is_right)();
  };
  return record.is_object() && has("data", &Json::is_string) && has("epochs", &Json::is_number_integer) &&
         has("held_out", &Json::is_object) &&
         std::all_of(record["held_out"].begin(), record["held_out"].end(), is_accuracy);
}

}  // namespace

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
  Description described;
  const std::string architecture = text("architecture");
  try {
    described.architecture = Spec::parse(architecture);
    find_architecture(described.architecture.name);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: its metadata 'architecture': {}", path, error.what()));
  }
  described.classes = listed<std::string>(text("classes"), path + ": its metadata 'classes'", "names",
                                          [](const Json& entry) { return entry.is_string(); });
  described.shape.classes = static_cast<int64_t>(described.classes.size());
  described.shape.input = listed<int64_t>(text("input"), path + ": its metadata 'input'", "whole numbers",
                                          [](const Json& entry) { return entry.is_number_integer(); });
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
  return listed<double>(
      found->second, path + ": its metadata 'execution_rates'", "numbers from 0 to 1",
      [](const Json& rate) { return rate.is_number() && rate.get<double>() >= 0 && rate.get<double>() <= 1; });
}

Json record_of(const Safetensors& content, const std::string& path) {
  const auto found = content.metadata.find("record");
  if (found == content.metadata.end()) return nullptr;
  const std::string name = path + ": its metadata 'record'";
  const Json record = parse_json(found->second, name);
  if (is_record(record)) return record;
  throw InputError(name +
                   ": expected data, epochs, and held_out with value and ci95 of each gate mode, as 'aigis train' "
                   "writes them");
}

}  // namespace aigis
