#include "attacks/gate_oracle.h"

#include <ATen/ops/where.h>

#include "attacks/parts/gate_options.h"
#include "lib/eval/norm.h"

namespace aigis {
namespace {

/// `found`, but the clean image where that is better, each read under noise of its own: nobody who only sees costs
/// could ask twice under the same. The search never compares them: its first image has every pixel changed already.
at::Tensor better_of(Victim& victim, const Batch& batch, const at::Tensor& found, const SquareSearch& search) {
  if (batch.images.size(0) == 0) return found;
  const auto step = static_cast<uint32_t>(search.queries + 1);
  at::Tensor lead;
  const uint32_t readings = draws_to_tell(search.renewed);
  for (uint32_t reading = 0; reading < readings; ++reading) {
    const auto value = [&](const at::Tensor& images, uint32_t draw) {
      return search.value(victim.forward(images, batch.ids, {0, draw, step}), batch.labels);
    };
    const at::Tensor one = value(found, reading) - value(batch.images, readings + reading);
    lead = lead.defined() ? lead + one : one;
  }
  return at::where(per_image(lead.gt(0), found), batch.images, found);
}

}  // namespace

void GateOracleOptions::bind(OptionTable& table) {
  SquareSearch::bind(table,
                     "images that are tried; random gates are read twice `draws` times for each, for the best image "
                     "is read again beside it");
  table.number("noise_share", &noise_share, 0, 1, "share of the queries",
               "that come first and try sign noise instead; squares change the best image of them");
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
  for (const double epsilon : epsilons) {
    const at::Tensor found = square_search(victim, batch, search, norm, epsilon);
    candidates.push_back(better_of(victim, batch, found, search));
  }
  return candidates;
}

}  // namespace aigis
