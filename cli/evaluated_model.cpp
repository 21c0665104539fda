#include "cli/evaluated_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "cli/device.h"
#include "cli/plan_checks.h"
#include "lib/core/error.h"
#include "lib/core/run_options.h"
#include "lib/eval/ablation.h"
#include "lib/eval/bf16_gradients.h"
#include "lib/eval/recorded_model.h"
#include "models/torchscript.h"

namespace aigis {
namespace {

/// An option beside those that a checkpoint's model takes: `usual` or `other`. Without a usual value all others are the
/// model's own.
struct Choice {
  const char *key, *usual, *other;
  bool needs_gates;
};
constexpr Choice kGates{"gates", nullptr, "frozen", true}, kNoise{"noise", "fresh", "fixed", true},
    kGradients{"gradients", "fp32", "bf16", false}, kPasses{"passes", "eager", "recorded", false};

/// Takes a choice out of `own`, the options of `spec` that are left; whether it is for the other value.
bool take(Spec& own, const Choice& choice, const Spec& spec) {
  const auto found = std::find_if(own.options.begin(), own.options.end(), [&](const auto& option) {
    return option.first == choice.key && (choice.usual || option.second == choice.other);
  });
  if (found == own.options.end()) return false;
  const bool is_other = found->second == choice.other;
  if (!is_other && found->second != choice.usual) {
    throw InputError(fmt::format("model '{}': {}: '{}' is not one of {}, {}", spec.text(), choice.key, found->second,
                                 choice.usual, choice.other));
  }
  own.options.erase(found);
  return is_other;
}

/// What `load` returns. An option that it does not know is refused with the choices among those that are known.
template <typename Load>
auto loaded_beside(std::initializer_list<Choice> choices, const Load& load) {
  try {
    return load();
  } catch (const UnknownOption& error) {
    const std::vector<std::string>& taken = error.taken();
    const bool is_gated = std::find(taken.begin(), taken.end(), "gates") != taken.end();
    std::vector<std::string> others;
    for (const Choice& choice : choices) {
      if (choice.needs_gates && !is_gated) continue;
      others.push_back(choice.usual ? choice.key : fmt::format("{}={}", choice.key, choice.other));
    }
    throw error.beside(others);
  }
}

/// Its passes are recorded as CUDA graphs and replayed. Throws InputError where they cannot be.
std::shared_ptr<Model> recorded(std::shared_ptr<Model> model, const Spec& spec, at::Device device) {
  const std::string what = fmt::format("model '{}': passes=recorded", spec.text());
  check_cuda_graphs(what, "passes=eager", device);
  if (spec.name == kTorchScript) {
    throw InputError(what + ": a TorchScript model may wait for the GPU on its way; expected passes=eager");
  }
  const std::string execution = model->card().options.value(kExecutionOption, "mask");
  if (execution != "mask") {
    throw InputError(
        fmt::format("{}: with execution={} a pass waits for the GPU; expected execution=mask", what, execution));
  }
  return std::make_shared<RecordedModel>(std::move(model));
}

}  // namespace

bool take_recorded(Spec& spec) { return take(spec, kPasses, spec); }

std::shared_ptr<Model> with_passes(const Spec& spec, at::Device device,
                                   const std::function<std::shared_ptr<Model>(const Spec& own)>& load) {
  Spec own = spec;
  const bool is_recorded = take_recorded(own);
  std::shared_ptr<Model> model = loaded_beside({kPasses}, [&] { return load(own); });
  return is_recorded ? recorded(std::move(model), spec, device) : model;
}

LoadedModel evaluated_model(const Spec& spec, const Dataset& data, uint64_t seed, at::Device device) {
  Spec own = spec;
  const bool is_recorded = take_recorded(own);
  const bool is_frozen = take(own, kGates, spec), has_fixed_noise = take(own, kNoise, spec);
  const bool is_in_bf16 = take(own, kGradients, spec);
  if (is_frozen) own.options.emplace_back("gates", "argmax");
  LoadedModel loaded = loaded_beside({kGates, kNoise, kGradients, kPasses}, [&] { return load_model(own, device); });
  const ModelCard& card = loaded.model->card();
  if (has_fixed_noise && !card.has_random_gates) {
    throw InputError(fmt::format("model '{}': noise=fixed: its gates see no noise; expected gates=sampled or marginal",
                                 spec.text()));
  }
  if (is_frozen && card.gated.empty()) {
    throw InputError(fmt::format("model '{}': has no gates to freeze", spec.text()));
  }
  if (is_recorded) loaded.model = recorded(loaded.model, spec, device);
  if (has_fixed_noise) loaded.model = std::make_shared<FixedNoise>(loaded.model, seed);
  if (is_frozen) {
    check_fit(spec.text(), card, data);
    loaded.model = std::make_shared<FrozenGraph>(loaded.model, data, device);
  }
  if (is_in_bf16) loaded.model = std::make_shared<Bf16Gradients>(loaded.model);  // outermost, where its check finds it
  loaded.id = spec.text();
  return loaded;
}

}  // namespace aigis
