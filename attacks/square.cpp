#include "attacks/square.h"

#include "attacks/parts/objective.h"

namespace aigis {

void SquareOptions::bind(OptionTable& table) {
  SquareSearch::bind(table);
  bind_stop(table, &stop);
}

std::vector<at::Tensor> Square::propose(Victim& victim, const Batch& batch, Norm norm,
                                        at::ArrayRef<double> epsilons) const {
  SquareSearch search = options_;
  search.stop = options_.stop && victim.is_final();
  search.value = [](const Output& output, const at::Tensor& labels) {
    Goal goal;
    goal.labels = labels;
    return -loss_value(LossKind::margin, output.logits, goal);
  };
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) candidates.push_back(square_search(victim, batch, search, norm, epsilon));
  return candidates;
}

}  // namespace aigis
