#include "attacks/ilfo.h"

#include <ATen/ops/where.h>

#include <vector>

#include "attacks/parts/adam.h"
#include "attacks/parts/gate_options.h"
#include "attacks/parts/most_executed.h"
#include "attacks/parts/tanh_space.h"

namespace aigis {

void Ilfo::Options::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "of Adam");
  table.number("step_size", &step_size, 1e-6, 10, "", "of Adam, in tanh space");
  table.number("balance", &balance, 1e-6, 1e6, "", "of the gates beside the squared L2 size of the perturbation");
  table.number("threshold", &threshold, 0, 1, "probability", "with which a gate is open enough");
  path.bind(table);
}

void Ilfo::check(const ModelCard& card) const { check_gated(card); }

std::vector<at::Tensor> Ilfo::propose(Victim& victim, const Batch& batch, Norm norm,
                                      at::ArrayRef<double> epsilons) const {
  if (batch.images.size(0) == 0) return std::vector<at::Tensor>(epsilons.size(), batch.images.clone());
  // Among all iterates, and among those within each budget, which the clean image is the first of.
  MostExecuted most(victim.card().has_random_gates);
  std::vector<MostExecuted> within_budget(epsilons.size(), most);
  const auto offer = [&](const at::Tensor& x, const at::Tensor& share) {
    most.offer(x, share);
    const at::Tensor size = sizes_of(x - batch.images, norm);
    for (size_t e = 0; e < epsilons.size(); ++e) {
      within_budget[e].offer(x, at::where(size.le(epsilons[e]), share, -1.0));
    }
  };
  at::Tensor w = to_tanh_space(batch.images);
  const at::Tensor from = from_tanh_space(w);
  Adam adam;
  const auto steps = static_cast<uint32_t>(options_.steps);
  for (uint32_t step = 0; step < steps; ++step) {
    const at::Tensor x = step == 0 ? batch.images : from_tanh_space(w);
    at::Tensor share;
    const Loss shortage = [&](const Output& output) -> Losses {
      share = most.share(output);
      const at::Tensor missing = (options_.threshold - output.gates.logits.sigmoid()).clamp_min(0).sum(1);
      return {missing * options_.balance, missing.eq(0)};
    };
    const at::Tensor gradient = victim.gradient(x, batch.ids, shortage, {0, 0, step}, options_.path).images;
    offer(x, share);
    w = w - adam.step((gradient + (x - from) * 2) * tanh_space_slope(w)) * options_.step_size;
  }
  offer(from_tanh_space(w), most.share(victim.forward(from_tanh_space(w), batch.ids, {0, 0, steps})));
  std::vector<at::Tensor> candidates;
  for (size_t e = 0; e < epsilons.size(); ++e) {
    const at::Tensor projected = within(batch.images, most.images(), norm, epsilons[e]);
    within_budget[e].offer(projected, most.share(victim.aside(projected, batch.ids, {0, 0, steps + 1})));
    candidates.push_back(within_budget[e].images());
  }
  return candidates;
}

}  // namespace aigis
