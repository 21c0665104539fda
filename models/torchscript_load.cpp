#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/error_report.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <sstream>

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/options.h"
#include "lib/core/text.h"
#include "lib/ops/mac_count.h"
#include "models/parts/script_facts.h"
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
  ScriptedModel(torch::jit::Module module, ModelCard card, at::Tensor mean, at::Tensor deviation)
      : module_(std::move(module)), card_(std::move(card)), mean_(std::move(mean)), deviation_(std::move(deviation)) {}

  Output forward(const at::Tensor& images, const Pass&) override {
    const at::Tensor seen = mean_.defined() ? (images - mean_) / deviation_ : images;
    return {module_.forward({seen}).toTensor().to(images.scalar_type()), {}};
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return module_.attr("training", false).toBool(); }

  ModelCard& card() { return card_; }

 private:
  torch::jit::Module module_;
  ModelCard card_;
  at::Tensor mean_, deviation_;
};

/// Without "[enforce fail at FILE:LINE] CONDITION. ", which says where in LibTorch, and not what.
std::string without_condition(std::string line) {
  const size_t begin = line.find("[enforce fail at "), end = line.find(". ", line.find("] ", begin));
  return end == std::string::npos ? line : line.erase(begin, end + 2 - begin);
}

/// What happened: the first sentence of the last line of an interpreter's report.
std::string reason(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  std::string text = torch_error ? torch_error->what_without_backtrace() : error.what();
  const auto is_told = [](const std::string& line) {
    return std::any_of(line.begin(), line.end(), [](unsigned char c) { return std::isalpha(c); });
  };
  std::vector<std::string> lines = split(text, '\n');
  std::erase_if(lines, [&](const std::string& line) { return !is_told(line); });
  if (lines.empty()) return "for no reason that LibTorch tells";
  // An interpreter's report ends with what happened; a parser's begins with it.
  const bool is_parsers = dynamic_cast<const torch::jit::ErrorReport*>(&error) != nullptr;
  const std::string& line = is_parsers ? lines.front() : lines.back();
  std::string sentence = without_condition(line);
  sentence.resize(std::min(sentence.size(), sentence.find(". ")));
  while (!sentence.empty() && std::string_view(" .:\r").find(sentence.back()) != std::string_view::npos) {
    sentence.pop_back();
  }
  return sentence;
}

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
    throw InputError(
        fmt::format("{}: is no TorchScript file ({}); expected what torch.jit.save writes", path, reason(error)));
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

/// Whether an attack could follow the gradient at one of a few random images, at least. They have less and less
/// contrast, for an honest model may be saturated by some; and classes have weights of their own, for the plain sum of
/// probabilities does not change.
bool has_gradient(ScriptedModel& model, const at::Tensor& noise) {
  for (const double contrast : {1.0, 0.3, 0.1, 0.03}) {
    const at::Tensor images = (0.5 + (noise - 0.5) * contrast).set_requires_grad(true);
    const at::Tensor logits = model.forward(images, {}).logits;
    (logits * at::arange(1, logits.size(1) + 1, logits.options())).sum().backward();
    if (!images.grad().defined()) continue;
    const at::Tensor sums = images.grad().abs().flatten(1).sum(1);
    if (sums.gt(0).logical_and(at::isfinite(sums)).any().item<bool>()) return true;
  }
  return false;
}

/// LibTorch's warnings of a model that is refused in the end would stand before the line that says why.
class Silence : public c10::WarningHandler {
 public:
  void process(const c10::Warning&) override {}
};

/// Tries the model on random images before anything depends on it; fills in its classes and arithmetic.
void examine(ScriptedModel& model, const std::string& path, at::Device device) {
  Silence silence;
  const c10::WarningUtils::WarningHandlerGuard silent(&silence);
  ModelCard& card = model.card();
  std::vector<int64_t> shape{2};
  shape.insert(shape.end(), card.input.begin(), card.input.end());
  const auto fail = [&](const std::string& what) { throw InputError(fmt::format("{}: {}", path, what)); };
  try {
    // More than one batch size: a traced model may have kept that of its example.
    auto generator = at::detail::createCPUGenerator(0);
    const at::Tensor images = at::rand({3, shape[1], shape[2], shape[3]}, generator).to(device);
    const at::Tensor pair = images.slice(0, 0, 2).clone().set_requires_grad(true);
    at::Tensor logits;
    card.macs_always = count_macs([&] { logits = model.forward(pair, {}).logits; }) / 2;
    if (logits.dim() != 2 || logits.size(0) != 2 || logits.size(1) < 2) {
      fail(fmt::format("answers two images with [{}]; expected logits [2, K] with K classes, at least 2",
                       fmt::join(logits.sizes(), ", ")));
    }
    if (!logits.isfinite().all().item<bool>()) fail("answers random images with numbers that are not finite");
    card.classes = logits.size(1);
    if (!logits.requires_grad()) {
      fail(
          "cannot be differentiated: no gradient leads from its answer to the images; expected a model without "
          "no_grad, detach or quantization");
    }
    if (!has_gradient(model, images)) {
      fail(
          "cannot be differentiated: the gradient from its answer to the images is zero or not finite for all random "
          "images that were tried; expected a model without rounding or other steps of slope 0");
    }
    if (!at::equal(model.forward(pair.detach(), {}).logits, logits.detach())) {
      fail(
          "answers the same images differently twice; expected a model without randomness of its own, for a report "
          "could not be repeated");
    }
    const at::Tensor more = model.forward(images, {}).logits;
    if (!at::allclose(more.slice(0, 0, 2), logits.detach(), 1e-3, 1e-3)) {
      fail("an image's answer depends on the images beside it; expected a model in which it does not");
    }
  } catch (const InputError&) {
    throw;
  } catch (const std::exception& error) {
    fail(fmt::format("fails on images of {}: {}", fmt::join(card.input, "x"), reason(error)));
  }
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
  const auto model = std::make_shared<ScriptedModel>(std::move(module), std::move(card), mean, deviation);
  examine(*model, path, device);
  loaded.model = model;
  return loaded;
}

}  // namespace aigis
