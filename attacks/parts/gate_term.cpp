#include "attacks/parts/gate_term.h"

#include <cmath>

#include "attacks/parts/objective.h"

namespace aigis {
namespace {

/// [L] shares of the cost, as the gates' logits are.
at::Tensor shares(const Gates& gates) {
  return (gates.cost / gates.cost.sum()).to(gates.logits.device(), gates.logits.scalar_type());
}

}  // namespace

at::Tensor GateMargin::value(const Gates& gates) const {
  const double wanted = std::log(confidence_ / (1 - confidence_));
  const at::Tensor towards = open_ ? gates.logits : -gates.logits;
  return -((wanted - towards).clamp_min(0) * shares(gates)).sum(1);
}

at::Tensor GateDoubt::value(const Gates& gates) const {
  const at::Tensor squares = shares(gates).square();
  return -(gates.logits.abs() * squares).sum(1) / squares.sum();
}

at::Tensor KeepAnswer::violation(const Output& output, const Goal& goal) const {
  return loss_value(LossKind::margin, output.logits, goal.of_answers()) + margin_;
}

at::Tensor KeepAnswer::holds(const Output& output, const Goal& goal) const {
  return output.logits.argmax(1).eq(goal.answers);
}

at::Tensor KeepCost::violation(const Output& output, const Goal& goal) const {
  constexpr double kScale = 10;  // shares are smaller than logits by about so much
  return ((executed_share(output.gates) - goal.share).abs() - tolerance_ / 2) * kScale;
}

at::Tensor KeepCost::holds(const Output& output, const Goal& goal) const {
  return (executed_share(output.gates) - goal.share).abs().le(tolerance_);
}

at::Tensor executed_share(const Gates& gates) { return (gates.open * shares(gates)).sum(1); }

}  // namespace aigis
