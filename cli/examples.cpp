#include "cli/examples.h"

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "lib/core/error.h"
#include "lib/core/files.h"

namespace aigis {
namespace fs = std::filesystem;

namespace {

std::string prefix(const std::string& out) { return fs::path(out).filename().string() + ".examples-"; }

}  // namespace

at::ScalarType parse_examples_form(const std::string& word) {
  for (const at::ScalarType form : {at::kFloat, at::kByte}) {
    if (word == examples_form_name(form)) return form;
  }
  throw InputError(fmt::format("--save-examples-as: '{}' is not one of float32, uint8", word));
}

const char* examples_form_name(at::ScalarType form) { return form == at::kByte ? "uint8" : "float32"; }

Json config_of(const Json& report) {
  Json config = report["config"];
  if (!config.contains("examples")) return config;
  const Json count = config["examples"];
  config.erase("examples");
  config["save_examples"] = count;
  config["save_examples_as"] = examples_form_name(at::kFloat);
  return config;
}

void save_examples(const SweepResult& result, const SweepPlan& plan, const std::string& out, Json& report) {
  Safetensors content;
  for (const auto& saved : result.examples) {
    const size_t index = (saved.model * plan.runs.size() + saved.run) * plan.epsilons.size() + saved.epsilon;
    content.tensors[fmt::format("{}.images", index)] = saved.images;
    content.tensors[fmt::format("{}.hits", index)] = saved.hits;
    content.tensors[fmt::format("{}.margin", index)] = saved.margins;
    const RunTally& run = result.tallies[saved.model][saved.run];
    const auto layers = static_cast<int64_t>(plan.models[saved.model]->card().gated.size());
    if (layers == 0) continue;
    const auto of_images = [&](at::IntArrayRef opened) {
      return at::tensor(opened.slice(0, static_cast<size_t>(saved.hits.size(0) * layers))).view({-1, layers});
    };
    content.tensors[fmt::format("{}.opened_before", index)] = of_images(run.clean.opened);
    content.tensors[fmt::format("{}.opened", index)] = of_images(run.cells[saved.epsilon].opened_as(plan.examples_as));
  }
  const std::string bytes = format_safetensors(content), hash = sha256(bytes);
  const std::string name = fmt::format("{}{}.safetensors", prefix(out), hash.substr(0, 12));
  write_file((fs::path(out).parent_path() / name).string(), bytes);
  const int64_t count = std::min(plan.examples, plan.data.size());
  const Json named{{"file", name}, {"sha256", hash}, {"count", count}, {"dtype", examples_form_name(plan.examples_as)}};
  for (auto& run : report["runs"]) run["examples"] = named;
}

std::vector<std::string> examples_of(const Json& report) {
  std::vector<std::string> files;
  for (const auto& run : report["runs"]) {
    if (!run.contains("examples")) continue;
    const std::string file = run["examples"]["file"];
    if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(file);
  }
  return files;
}

void remove_examples(const std::vector<std::string>& files, const Json& report, const std::string& out) {
  const std::vector<std::string> kept = examples_of(report);
  for (const auto& file : files) {
    const bool ours = file.starts_with(prefix(out)) && file.find('/') == std::string::npos;
    std::error_code error;
    if (ours && std::find(kept.begin(), kept.end(), file) == kept.end()) {
      fs::remove(fs::path(out).parent_path() / file, error);
    }
  }
}

ExampleReader::Saved ExampleReader::read(const Json& run, size_t index, at::IntArrayRef shape) {
  const Json& named = run["examples"];
  const std::string path = (fs::path(report_).parent_path() / named["file"].get<std::string>()).string();
  if (!files_.contains(path)) {
    const std::string bytes = read_file(path);
    if (sha256(bytes) != named["sha256"]) {
      throw RunError(path + ": is not the file that the report names: its SHA-256 differs");
    }
    files_[path] = parse_safetensors(bytes, path);
  }
  const auto& tensors = files_[path].tensors;
  const auto images = tensors.find(fmt::format("{}.images", index)), hits = tensors.find(fmt::format("{}.hits", index));
  const auto beside = [&](const char* what) {
    const auto found = tensors.find(fmt::format("{}.{}", index, what));
    return found == tensors.end() ? at::Tensor() : found->second;
  };
  std::vector<int64_t> expected{named["count"].get<int64_t>()};
  if (images == tensors.end() || hits == tensors.end() || hits->second.sizes() != expected) {
    throw RunError(fmt::format("{}: lacks the {} images of run {}", path, expected[0], index));
  }
  const at::Tensor margins = beside("margin");
  if (margins.defined() && (margins.sizes() != expected || margins.scalar_type() != at::kFloat)) {
    throw RunError(fmt::format("{}: the margins of run {} are not {} of float32", path, index, expected[0]));
  }
  expected.insert(expected.end(), shape.begin(), shape.end());
  if (images->second.sizes() != expected) {
    throw RunError(fmt::format("{}: the images of run {} do not have the size of the data's", path, index));
  }
  const std::string form = named.value("dtype", "float32");
  if (images->second.scalar_type() != parse_examples_form(form)) {
    throw RunError(fmt::format("{}: the images of run {} are not {}, as the report says", path, index, form));
  }
  return {images->second, hits->second, margins, beside("opened_before"), beside("opened")};
}

size_t ExampleReader::runs() const {
  size_t sum = 0;
  for (const auto& [path, content] : files_) {
    for (const auto& [name, tensor] : content.tensors) sum += name.ends_with(".images") ? 1 : 0;
  }
  return sum;
}

}  // namespace aigis
