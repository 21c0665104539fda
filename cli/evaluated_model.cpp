#include "cli/evaluated_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/evaluation.h"
#include "lib/core/error.h"
#include "lib/eval/ablation.h"

namespace aigis {

LoadedModel evaluated_model(const Spec& spec, const Dataset& data, at::Device device) {
  Spec own = spec;
  bool frozen = false, fixed = false;
  for (auto& [key, value] : own.options) {
    if (key == "gates" && value == "frozen") {
      frozen = true;
      value = "argmax";
    }
    if (key != "noise") continue;
    if (value != "fixed" && value != "fresh") {
      throw InputError(fmt::format("model '{}': noise: '{}' is not one of fresh, fixed", spec.text(), value));
    }
    fixed = value == "fixed";
  }
  std::erase_if(own.options, [](const auto& option) { return option.first == "noise"; });
  LoadedModel loaded = load_model(own, device);
  const ModelCard& card = loaded.model->card();
  if (fixed && !card.has_random_gates) {
    throw InputError(fmt::format("model '{}': noise=fixed: its gates see no noise; expected gates=sampled or marginal",
                                 spec.text()));
  }
  if (frozen && card.gated.empty()) throw InputError(fmt::format("model '{}': has no gates to freeze", spec.text()));
  if (fixed) loaded.model = std::make_shared<FixedNoise>(loaded.model);
  if (frozen) {
    check_fit(spec.text(), card, data);
    loaded.model = std::make_shared<FrozenGraph>(loaded.model, data, device);
  }
  loaded.id = spec.text();
  return loaded;
}

}  // namespace aigis
