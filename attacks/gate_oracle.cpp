#include "attacks/gate_oracle.h"

#include "attacks/parts/gate_options.h"

namespace aigis {

void GateOracleOptions::bind(OptionTable& table) {
  SquareSearch::bind(table,
                     "squares that are tried; random gates are read twice `draws` times for each, for the best image "
                     "is read again beside it");
  table.choice<bool>("wants", &open, {{"open", true}, {"shut", false}}, "gates open, for more work, or shut");
  table.integer("draws", &draws, 1, 10'000, "readings that each value is the mean of, for random gates");
}

void GateOracle::check(const ModelCard& card) const { check_gated(card); }

std::vector<at::Tensor> GateOracle::propose(Victim& victim, const Batch& batch, Norm norm,
                                            at::ArrayRef<double> epsilons) const {
  SquareSearch search = options_;
  const double sign = options_.open ? -1 : 1;
  search.value = [sign](const Output& output, const at::Tensor&) { return executed_share(output.gates) * sign; };
  search.renewed = victim.card().has_random_gates;
  if (!search.renewed) search.draws = 1;  // all would be the same
  // Nothing is left to gain where all gates are as wanted for certain.
  constexpr double kRounding = 1e-6;
  search.stop = !search.renewed;
  search.enough = (options_.open ? -1 : 0) + kRounding;
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) candidates.push_back(square_search(victim, batch, search, norm, epsilon));
  return candidates;
}

}  // namespace aigis
