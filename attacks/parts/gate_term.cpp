#include "attacks/parts/gate_term.h"

#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

#include <cmath>
#include <stdexcept>

#include "attacks/parts/objective.h"
#include "lib/core/upload.h"
#include "lib/eval/verdict.h"

namespace aigis {
namespace {

/// [L] shares of the cost, as the gates' logits are.
at::Tensor shares(const Gates& gates) {
  return uploaded(gates.cost / gates.cost.sum(), gates.logits.device(), gates.logits.scalar_type());
}

/// [N, L]: by how much gates fall short of staying with this probability where they are wanted; `towards` is their
/// logits, above 0 where they are there.
at::Tensor shortfall(const at::Tensor& towards, double confidence) {
  return (std::log(confidence / (1 - confidence)) - towards).clamp_min(0);
}

/// [N, L]: the states of gates, or their probabilities where they draw.
at::Tensor expected_states(const Gates& gates, bool random) { return random ? gates.logits.sigmoid() : gates.open; }

/// Of the value that an attack ascends beside what its worth counts: little, as margins are a few logits, so that it
/// tells equals apart.
constexpr double kTieBreak = 1e-4;

}  // namespace

at::Tensor GateMargin::towards(const at::Tensor& logits, const Goal& goal) const {
  switch (states_) {
    case GateStates::open: return logits;
    case GateStates::shut: return -logits;
    case GateStates::wanted: return logits * (2 * goal.graph - 1);
  }
  throw std::logic_error("unknown states of gates");
}

at::Tensor GateMargin::weights(const Gates& gates, const Goal& goal) const {
  if (!goal.gate_weight.defined()) return shares(gates);
  const at::Tensor weighed = shares(gates) * goal.gate_weight;
  return weighed / weighed.sum(1, /*keepdim=*/true);
}

at::Tensor GateMargin::value(const Gates& gates, const Goal& goal) const {
  return -(shortfall(towards(gates.logits, goal), confidence_) * weights(gates, goal)).sum(1);
}

at::Tensor GateMargin::worth(const Gates& gates, const Goal& goal) const {
  const at::Tensor sign = towards(at::ones_like(gates.open), goal);
  const at::Tensor open = expected_states(gates, goal.random);
  const at::Tensor as_wanted = at::where(sign.gt(0), open, 1 - open);
  return (as_wanted * weights(gates, goal)).sum(1) + value(gates, goal) * kTieBreak;
}

GateLikeness::Rates GateLikeness::rates_for(const at::Tensor& logits) const {
  return {uploaded(probability_, logits.device(), logits.scalar_type()),
          uploaded(weight_, logits.device(), logits.scalar_type())};
}

at::Tensor GateLikeness::margins(const at::Tensor& logits, const Rates& rates) const {
  const at::Tensor lead = 2 * rates.probability - 1;
  return -(shortfall(logits * lead.sign(), confidence_) * lead.abs() * rates.weight).sum(1);
}

at::Tensor GateLikeness::value(const Gates& gates, const Goal&) const {
  return margins(gates.logits, rates_for(gates.logits));
}

at::Tensor GateLikeness::worth(const Gates& gates, const Goal& goal) const {
  const Rates rates = rates_for(gates.logits);
  const at::Tensor& q = rates.probability;
  const at::Tensor open = expected_states(gates, goal.random);
  return 1 - ((open * (1 - q) + (1 - open) * q) * rates.weight).sum(1) + margins(gates.logits, rates) * kTieBreak;
}

at::Tensor GateDoubt::value(const Gates& gates, const Goal&) const {
  const at::Tensor squares = shares(gates).square(), distance = gates.logits.square();
  const at::Tensor doubt = (distance + wide_ * wide_).log() - (distance + narrow_ * narrow_).log();
  return (doubt * squares).sum(1) / squares.sum() / (2 * std::log(wide_ / narrow_));
}

at::Tensor GateDoubt::worth(const Gates& gates, const Goal&) const {
  const at::Tensor squares = shares(gates).square(), open = gates.logits.sigmoid();
  return (open * (1 - open) * squares).sum(1) / squares.sum();
}

at::Tensor KeepAnswer::violation(const Output& output, const Goal& goal) const {
  return loss_value(LossKind::margin, output.logits, goal.of_answers()) + margin_;
}

at::Tensor KeepAnswer::holds(const Output& output, const Goal& goal) const {
  return answers_of(output.logits).eq(goal.answers);
}

at::Tensor KeepCost::violation(const Output& output, const Goal& goal) const {
  constexpr double kScale = 10;  // shares are smaller than logits by about so much
  return ((usual_share(output.gates, goal.random) - goal.share).abs() - tolerance_ / 2) * kScale;
}

at::Tensor KeepCost::holds(const Output& output, const Goal& goal) const {
  return (usual_share(output.gates, goal.random) - goal.share).abs().le(tolerance_);
}

at::Tensor reweighed(const at::Tensor& weight, const at::Tensor& violation) {
  // Never 0: where the constraint is all that is left to want, its gradient must not vanish.
  constexpr double kLeastWeight = 0.01, kMostWeight = 100;
  return (weight + violation).clamp(kLeastWeight, kMostWeight);
}

at::Tensor executed_share(const Gates& gates) { return (gates.open * shares(gates)).sum(1); }

at::Tensor usual_share(const Gates& gates, bool random) {
  return (expected_states(gates, random) * shares(gates)).sum(1);
}

}  // namespace aigis
