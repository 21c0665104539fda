#include "cli/evaluated_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/device.h"
#include "cli/plan_checks.h"
#include "lib/core/error.h"
#include "lib/eval/ablation.h"
#include "lib/eval/bf16_gradients.h"
#include "lib/eval/recorded_model.h"
#include "models/torchscript.h"

namespace aigis {
namespace {

/// What is asked of an evaluation, and no option of the checkpoint's.
struct Asked {
  bool frozen = false, fixed_noise = false, bf16 = false, recorded = false;
};

/// Whether an option that may be `usual` or `other` is the other.
bool is_other(const Spec& spec, const std::string& key, const std::string& value, const std::string& usual,
              const std::string& other) {
  if (value == usual || value == other) return value == other;
  throw InputError(fmt::format("model '{}': {}: '{}' is not one of {}, {}", spec.text(), key, value, usual, other));
}

/// Takes out of `own` what the checkpoint's model need not know.
Asked take_out(Spec& own, const Spec& spec) {
  Asked asked;
  asked.recorded = take_recorded(own);
  for (auto& [key, value] : own.options) {
    if (key == "noise") asked.fixed_noise = is_other(spec, key, value, "fresh", "fixed");
    if (key == "gradients") asked.bf16 = is_other(spec, key, value, "fp32", "bf16");
    if (key == "gates" && value == "frozen") {
      asked.frozen = true;
      value = "argmax";
    }
  }
  std::erase_if(own.options, [](const auto& option) { return option.first == "noise" || option.first == "gradients"; });
  return asked;
}

LoadedModel load(const Spec& own, at::Device device) {
  try {
    return load_model(own, device);
  } catch (const UnknownOption& error) {
    const std::vector<std::string>& taken = error.taken();
    const bool is_gated = std::find(taken.begin(), taken.end(), "gates") != taken.end();
    throw error.beside(is_gated ? std::vector<std::string>{"gates=frozen", "noise", "gradients", "passes"}
                                : std::vector<std::string>{"gradients", "passes"});
  }
}

}  // namespace

bool take_recorded(Spec& spec) {
  const auto found = std::find_if(spec.options.begin(), spec.options.end(),
                                  [](const auto& option) { return option.first == "passes"; });
  if (found == spec.options.end()) return false;
  const bool is_recorded = is_other(spec, "passes", found->second, "eager", "recorded");
  spec.options.erase(found);
  return is_recorded;
}

std::shared_ptr<Model> recorded(std::shared_ptr<Model> model, const Spec& spec, at::Device device) {
  const std::string what = fmt::format("model '{}': passes=recorded", spec.text());
  check_cuda_graphs(what, "passes=eager", device);
  if (spec.name == kTorchScript) {
    throw InputError(what + ": a TorchScript model may wait for the GPU on its way; expected passes=eager");
  }
  const std::string execution = model->card().options.value("execution", "mask");
  if (execution != "mask") {
    throw InputError(
        fmt::format("{}: with execution={} a pass waits for the GPU; expected execution=mask", what, execution));
  }
  return std::make_shared<RecordedModel>(std::move(model));
}

LoadedModel evaluated_model(const Spec& spec, const Dataset& data, uint64_t seed, at::Device device) {
  Spec own = spec;
  const Asked asked = take_out(own, spec);
  LoadedModel loaded = load(own, device);
  const ModelCard& card = loaded.model->card();
  if (asked.fixed_noise && !card.has_random_gates) {
    throw InputError(fmt::format("model '{}': noise=fixed: its gates see no noise; expected gates=sampled or marginal",
                                 spec.text()));
  }
  if (asked.frozen && card.gated.empty()) {
    throw InputError(fmt::format("model '{}': has no gates to freeze", spec.text()));
  }
  if (asked.recorded) loaded.model = recorded(loaded.model, spec, device);
  if (asked.fixed_noise) loaded.model = std::make_shared<FixedNoise>(loaded.model, seed);
  if (asked.frozen) {
    check_fit(spec.text(), card, data);
    loaded.model = std::make_shared<FrozenGraph>(loaded.model, data, device);
  }
  if (asked.bf16) loaded.model = std::make_shared<Bf16Gradients>(loaded.model);  // outermost, where its check finds it
  loaded.id = spec.text();
  return loaded;
}

}  // namespace aigis
