#include "attacks/pgd.h"

#include <ATen/ops/add.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>

#include "attacks/parts/gates_option.h"
#include "attacks/parts/start.h"

namespace aigis {

void PgdOptions::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "gradient steps");
  table.number("relative_step_size", &relative_step_size, 1e-6, 10, "epsilons", "length of a step");
  table.number("step_size", &step_size, 0, 1, "pixel value in [0,1]",
               "length of a step that is the same for all epsilons; 0: relative_step_size says");
  table.choice<Start>("start", &start, {{"uniform", Start::uniform}, {"clean", Start::clean}},
                      "uniform in the ball, or the clean image (BIM)");
  table.integer("draws", &draws, 1, 10'000, "gradients a step averages over, for random gates");
  bind_gates(table, &gates);
}

std::vector<at::Tensor> Pgd::propose(Victim& victim, const Batch& batch, Norm, at::ArrayRef<double> epsilons) const {
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) candidates.push_back(ascend(victim, batch, epsilon));
  return candidates;
}

at::Tensor Pgd::ascend(Victim& victim, const Batch& batch, double epsilon) const {
  const double step = options_.step_size > 0 ? options_.step_size : options_.relative_step_size * epsilon;
  const at::Tensor low = at::add(batch.images, -epsilon).clamp_(0, 1),
                   high = at::add(batch.images, epsilon).clamp_(0, 1);
  const auto projected = [&](const at::Tensor& x) { return at::minimum(at::maximum(x, low), high); };
  at::Tensor x = batch.images;
  if (options_.start == PgdOptions::Start::uniform) {
    x = projected(at::add(batch.images, uniform_noise(batch, victim.draws({})), epsilon));
  }
  for (uint32_t s = 0; s < static_cast<uint32_t>(options_.steps); ++s) {
    at::Tensor gradient;
    for (uint32_t draw = 0; draw < static_cast<uint32_t>(options_.draws); ++draw) {
      const at::Tensor one = victim.gradient(x, batch, cross_entropy, {0, draw, s}, options_.gates).images;
      gradient = gradient.defined() ? gradient + one : one;
    }
    x = projected(at::add(x, gradient.sign(), step));
  }
  return x;
}

}  // namespace aigis
