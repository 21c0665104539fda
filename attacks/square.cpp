#include "attacks/square.h"

#include <ATen/ops/where.h>

#include <limits>

#include "attacks/parts/objective.h"

namespace aigis {

void SquareOptions::bind(OptionTable& table) {
  SquareSearch::bind(table,
                     "squares that are tried; with random gates each takes two answers, for the best image is asked "
                     "again beside it");
  bind_stop(table, &stop);
}

std::vector<at::Tensor> Square::propose(Victim& victim, const Batch& batch, Norm norm,
                                        at::ArrayRef<double> epsilons) const {
  SquareSearch search = options_;
  search.stop = options_.stop && victim.is_final();
  search.renewed = victim.card().has_random_gates;
  search.value = [](const Output& output, const at::Tensor& labels) {
    Goal goal;
    goal.labels = labels;
    const at::Tensor value = -loss_value(LossKind::margin, output.logits, goal);
    // Logits of NaN are a wrong answer without a margin.
    const at::Tensor is_lost = value.isnan().logical_and(goal.lost(output.logits));
    return at::where(is_lost, -std::numeric_limits<double>::infinity(), value);
  };
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) candidates.push_back(square_search(victim, batch, search, norm, epsilon));
  return candidates;
}

}  // namespace aigis
