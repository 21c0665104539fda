#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <sstream>

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/options.h"
#include "lib/core/text.h"
#include "models/parts/script_facts.h"
#include "models/parts/script_failure.h"
#include "models/parts/script_trial.h"
#include "models/torchscript.h"

namespace aigis {
namespace {

struct ScriptOptions {
  std::string input;
  std::vector<double> mean, std;
  void bind(OptionTable& table) {
    table.text("input", &input, "size of an image, such as 3x32x32; unneeded for what `aigis export` wrote");
    table.numbers("mean", &mean, 0, 1, "of each channel, subtracted from images in [0, 1]; empty: none");
    table.numbers("std", &std, 1e-3, 10, "of each channel, which images are divided by; empty: none");
  }
};

class ScriptedModel : public Model {
 public:
  ScriptedModel(torch::jit::Module module, std::string path, ModelCard card, at::Tensor mean, at::Tensor deviation)
      : module_(std::move(module)), path_(std::move(path)), card_(std::move(card)), mean_(std::move(mean)),
        deviation_(std::move(deviation)) {}

  /// Throws RunError where the module fails, or answers with anything but logits for each image.
  Output forward(const at::Tensor& images, const Pass&) override {
    const torch::jit::IValue answered = answer(mean_.defined() ? (images - mean_) / deviation_ : images);
    if (!answered.isTensor()) refuse(answered.type()->annotation_str(), images.size(0));
    const at::Tensor logits = answered.toTensor();
    if (!fits(logits, images.size(0))) refuse(fmt::format("[{}]", fmt::join(logits.sizes(), ", ")), images.size(0));
    return {logits.to(images.scalar_type()), {}};
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return module_.attr("training", false).toBool(); }

  ModelCard& card() { return card_; }

 private:
  static std::string told(int64_t images) { return images == 1 ? "one image" : fmt::format("{} images", images); }

  bool is_known() const { return card_.classes > 0; }  ///< how many classes there are

  bool fits(const at::Tensor& logits, int64_t images) const {
    if (logits.dim() != 2 || logits.size(0) != images) return false;
    return is_known() ? logits.size(1) == card_.classes : logits.size(1) >= 2;
  }

  [[noreturn]] void refuse(const std::string& answer, int64_t images) const {
    const std::string classes = is_known() ? fmt::format("{}]", card_.classes) : "K] with K classes, at least 2";
    throw RunError(
        fmt::format("{}: answers {} with {}; expected logits [{}, {}", path_, told(images), answer, images, classes));
  }

  torch::jit::IValue answer(const at::Tensor& images) {
    try {
      return module_.forward({images});
    } catch (const std::exception& error) {
      throw RunError(fmt::format("{}: fails on {} of {}: {}{}", path_, told(images.size(0)),
                                 fmt::join(card_.input, "x"), script_failure(error), other_precision()));
    }
  }

  /// Why a model may fail: the first parameter that images in float32 do not go with, unless the model converts them.
  std::string other_precision() const {
    for (const auto& parameter : module_.named_parameters()) {
      const at::ScalarType type = parameter.value.scalar_type();
      if (!at::isFloatingType(type) || type == at::kFloat) continue;
      return fmt::format("; its parameter '{}' is {}, expected Float (float32), as images are", parameter.name,
                         at::toString(type));
    }
    return "";
  }

  torch::jit::Module module_;
  std::string path_;  ///< what errors name
  ModelCard card_;
  at::Tensor mean_, deviation_;
};

torch::jit::Module read_module(const std::string& bytes, const std::string& path, std::string& facts) {
  try {
    torch::jit::getExecutorMode() = false;  // no specialization on the shapes of the first calls
    std::istringstream stream(bytes);
    torch::jit::ExtraFilesMap extra{{kScriptFacts, ""}};
    torch::jit::Module module = torch::jit::load(stream, at::kCPU, extra);
    facts = extra[kScriptFacts];
    module.eval();
    for (at::Tensor parameter : module.parameters()) parameter.set_requires_grad(false);
    return module;
  } catch (const std::exception& error) {
    throw InputError(fmt::format("{}: is no TorchScript file ({}); expected what torch.jit.save writes", path,
                                 script_failure(error)));
  }
}

std::vector<int64_t> parse_size(const std::string& text, const std::string& path) {
  const std::string form = "expected input=CxHxW, the size of its images, such as input=3x32x32";
  if (text.empty()) throw InputError(fmt::format("{}: the file does not say what it takes; {}", path, form));
  std::vector<int64_t> size;
  for (const auto& part : split(text, 'x')) size.push_back(parse_integer(part, path + ": input"));
  const bool usable = size.size() == 3 && std::all_of(size.begin(), size.end(), [](int64_t n) { return n > 0; });
  if (!usable) throw InputError(fmt::format("{}: input '{}': {}", path, text, form));
  return size;
}

at::Tensor by_channel(const std::vector<double>& numbers, int64_t channels, const std::string& what) {
  if (static_cast<int64_t>(numbers.size()) != channels) {
    throw InputError(fmt::format("{}: {} numbers; expected {}, one for each channel", what, numbers.size(), channels));
  }
  return at::tensor(numbers, at::kFloat).view({channels, 1, 1});
}

}  // namespace

LoadedModel load_torchscript(const Spec& spec, at::Device device) {
  if (spec.path.empty()) throw InputError("model 'torchscript': the file is missing; expected torchscript:FILE,…");
  const auto options = read_options<ScriptOptions>(spec, "model 'torchscript'");
  const std::string& path = spec.path;
  const std::string bytes = read_file(path);
  std::string facts_text;
  torch::jit::Module module = read_module(bytes, path, facts_text);
  ModelCard card;
  card.architecture = kTorchScript;
  card.options = option_values(options);
  card.gate_mode = "none";
  LoadedModel loaded{{spec.text(), path, sha256(bytes), nullptr, {}}, nullptr};
  if (facts_text.empty()) {
    card.input = parse_size(options.input, path);
  } else {
    const ScriptFacts facts = ScriptFacts::parse(facts_text, path);
    if (!options.input.empty() || !options.mean.empty() || !options.std.empty()) {
      throw InputError(
          fmt::format("{}: was written by 'aigis export' and holds its input size and normalization; "
                      "expected no options",
                      path));
    }
    card.input = facts.input;
    loaded.classes = facts.classes;
  }
  at::Tensor mean, deviation;
  if (!options.mean.empty() || !options.std.empty()) {
    mean = by_channel(options.mean, card.input[0], path + ": mean").to(device);
    deviation = by_channel(options.std, card.input[0], path + ": std").to(device);
  }
  for (const at::Tensor& parameter : module.parameters()) card.parameters += parameter.numel();
  module.to(device);
  const auto model = std::make_shared<ScriptedModel>(std::move(module), path, std::move(card), mean, deviation);
  examine_script(*model, model->card(), path, device);
  if (!loaded.classes.empty() && static_cast<int64_t>(loaded.classes.size()) != model->card().classes) {
    throw InputError(
        fmt::format("{}: its entry '{}' names {} classes, and it answers with {} logits; expected a name for "
                    "each",
                    path, kScriptFacts, loaded.classes.size(), model->card().classes));
  }
  loaded.model = model;
  return loaded;
}

}  // namespace aigis
