#include "attacks/parts/gate_options.h"

#include <fmt/format.h>

#include "lib/core/error.h"

namespace aigis {

void GateAttackOptions::bind_steps(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "gradient steps");
  bind_step_size(table);
  bind_start(table);
  table.number("momentum", &momentum, 0, 100, "", "decay of the accumulated direction; 0: none");
  band.bind(table);
  objective.bind_gates(table);
}

void GateAttackOptions::bind_label(OptionTable& table) {
  table.flag("keep_label", &keep_label, "only images count whose answer stays what it is for the clean image");
  table.number("label_margin", &label_margin, 0, 100, "logits", "by which it stays, while the attack works on it")
      .only_with("keep_label=true");
}

void GateAttackOptions::bind(OptionTable& table) {
  bind_steps(table);
  table.number("confidence", &confidence, 0.5, 0.9999, "probability",
               "with which each gate is to stay as the attack wants it, under its own noise");
  bind_label(table);
}

std::string learnt_note(int64_t images) {
  return fmt::format(
      "learnt from {} training images, or all if there are fewer; what that cost is not among the queries", images);
}

void check_gated(const ModelCard& card) {
  if (card.gated.empty()) {
    throw InputError(
        fmt::format("the model '{}' has no gates; expected a gated one, such as aig-20", card.architecture));
  }
  if (card.has_blind_gates) {
    throw InputError(
        fmt::format("with gates={} those of '{}' do not look at the image; expected gates=sampled or gates=argmax",
                    card.gate_mode, card.architecture));
  }
}

void check_keeps_cost(const GatePathOptions& path, const ModelCard& card) {
  const bool around = path.gradient == GateGradient::fixed_graph || path.gradient == GateGradient::expectation;
  if (!around || card.has_random_gates) return;
  throw InputError(fmt::format(
      "option 'gates': with {} the executed cost, which is to stay, has no gradient through gates that do not draw; "
      "expected gates=straight-through or gates=relaxed",
      gate_gradient_name(path.gradient)));
}

}  // namespace aigis
