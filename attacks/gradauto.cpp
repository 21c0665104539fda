#include "attacks/gradauto.h"

#include <ATen/ops/where.h>

#include "attacks/parts/adam.h"
#include "attacks/parts/gate_options.h"

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
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) {
    at::Tensor x = batch.images.clone(), best = x, best_share;
    Adam adam;
    for (uint32_t step = 0; step <= static_cast<uint32_t>(options_.steps) && x.size(0) > 0; ++step) {
      const Position position{0, 0, step};
      at::Tensor share;
      const auto pull = [&](bool closed) {  // towards open, of the gates that are closed or of those that are open
        return victim.gradient(
            x, batch.ids,
            [&](const Output& output) {
              const at::Tensor p = output.gates.logits.sigmoid(), is_open = p.detach().ge(options_.threshold);
              share = expected_share(output.gates, victim.card().has_random_gates).detach();
              return at::where(is_open, closed ? at::zeros_like(p) : p,
                               closed ? (p - options_.threshold).clamp_max(0) : at::zeros_like(p))
                  .sum(1);
            },
            position, options_.path);
      };
      const at::Tensor opening = pull(true).images;
      const at::Tensor better = best_share.defined() ? share.gt(best_share) : share.ge(0);
      best = at::where(per_image(better, x), x, best);
      best_share = best_share.defined() ? at::where(better, share, best_share) : share;
      if (step == static_cast<uint32_t>(options_.steps)) break;
      const at::Tensor gradient = without_conflict(opening, pull(false).images);
      x = within(batch.images, x + adam.step(gradient) * options_.step_size, norm, epsilon);
    }
    candidates.push_back(best);
  }
  return candidates;
}

}  // namespace aigis
