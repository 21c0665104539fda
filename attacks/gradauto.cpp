#include "attacks/gradauto.h"

#include <ATen/ops/where.h>

#include "attacks/parts/adam.h"
#include "attacks/parts/gate_options.h"
#include "attacks/parts/most_executed.h"

namespace aigis {
namespace {

at::Tensor scalar_product(const at::Tensor& a, const at::Tensor& b) { return (a * b).flatten(1).sum(1); }

/// `a` without what it has against `b`.
at::Tensor without_conflict(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor along = scalar_product(a, b), square = scalar_product(b, b);
  const at::Tensor excess = at::where(along.lt(0).logical_and(square.gt(0)), along / square, 0.0);
  return a - b * per_image(excess.to(a.scalar_type()), a);
}

}  // namespace

void GradAuto::Options::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "of Adam");
  table.number("step_size", &step_size, 1e-6, 1, "pixel value in [0,1]", "of Adam");
  table.number("threshold", &threshold, 0, 1, "probability", "above which a gate counts as open");
  path.bind(table);
}

void GradAuto::check(const ModelCard& card) const { check_gated(card); }

std::vector<at::Tensor> GradAuto::propose(Victim& victim, const Batch& batch, Norm norm,
                                          at::ArrayRef<double> epsilons) const {
  if (batch.images.size(0) == 0) return std::vector<at::Tensor>(epsilons.size(), batch.images.clone());
  std::vector<at::Tensor> candidates;
  const auto steps = static_cast<uint32_t>(options_.steps);
  for (const double epsilon : epsilons) {
    MostExecuted most(victim.card().has_random_gates);
    at::Tensor x = batch.images.clone();
    Adam adam;
    for (uint32_t step = 0; step < steps; ++step) {
      at::Tensor share;
      const auto pull = [&](bool closed) -> Loss {  // towards open, of gates that are closed or of those that are open
        return [&, closed](const Output& output) -> Losses {
          const at::Tensor p = output.gates.logits.sigmoid(), is_open = p.detach().ge(options_.threshold);
          if (closed) share = most.share(output);
          const at::Tensor pulled = at::where(is_open, closed ? at::zeros_like(p) : p,
                                              closed ? (p - options_.threshold).clamp_max(0) : at::zeros_like(p));
          return {pulled.sum(1), closed ? is_open.all(1) : is_open.any(1).logical_not()};  // met: none is pulled
        };
      };
      const auto pulls = victim.gradients(x, batch.ids, {pull(true), pull(false)}, {0, 0, step}, options_.path);
      const at::Tensor opening = pulls[0].images, keeping = pulls[1].images;
      most.offer(x, share);
      // Of length 1 all steps count alike for Adam, however small the slope of a gate that is sure.
      const at::Tensor direction = steepest(without_conflict(opening, keeping), Norm::l2);
      x = within(batch.images, x + adam.step(direction) * options_.step_size, norm, epsilon);
    }
    most.offer(x, most.share(victim.forward(x, batch.ids, {0, 0, steps})));
    candidates.push_back(most.images());
  }
  return candidates;
}

}  // namespace aigis
