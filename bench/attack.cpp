#include <ATen/ops/cross_entropy_loss.h>
#include <fmt/format.h>

#include "bench/benchmarks.h"
#include "bench/paired.h"
#include "lib/core/error.h"

namespace aigis {
namespace {

/// What no attack with a gradient can avoid.
void floor_step(Model& model, const Batch& batch) {
  const at::Tensor leaf = batch.images.detach().clone().set_requires_grad(true);
  const Pass pass{{0, Purpose::attack_gates}, batch.ids};
  at::cross_entropy_loss(model.forward(leaf, pass).logits, batch.labels, {}, at::Reduction::Sum).backward();
}

}  // namespace

std::string bench_attack(Model& model, const Attack& attack, const Batch& batch, int64_t pairs) {
  Victim victim(model, 0);
  const std::vector<double> epsilons{8.0 / 255};
  attack.propose(victim, batch, Norm::linf, epsilons);
  const AttackAudit once = victim.audit();
  if (once.backward == 0)
    throw InputError(fmt::format("attack '{}' takes no gradients to compare with", attack.name()));
  const int64_t passes = once.backward / batch.labels.size(0);
  const auto floor = [&] {
    for (int64_t pass = 0; pass < passes; ++pass) floor_step(model, batch);
  };
  const auto result = measure_pairs([&] { attack.propose(victim, batch, Norm::linf, epsilons); }, floor, pairs);
  return fmt::format("{} on {}, batch {}, {}\n", attack.name(), model.card().architecture, batch.labels.size(0),
                     batch.images.device().str()) +
         result.text(attack.name(), fmt::format("{} bare forward and backward", passes), batch.labels.size(0));
}

}  // namespace aigis
