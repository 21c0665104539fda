#include <ATen/ops/cross_entropy_loss.h>
#include <fmt/format.h>

#include "bench/benchmarks.h"
#include "lib/core/error.h"
#include "lib/metrics/paired.h"

namespace aigis {
namespace {

/// What no attack with a gradient can avoid.
void floor_step(Model& model, const Batch& batch) {
  const at::Tensor leaf = batch.images.detach().clone().set_requires_grad(true);
  const Pass pass{{0, Purpose::attack_gates}, batch.ids};
  at::cross_entropy_loss(model.forward(leaf, pass).logits, batch.labels, {}, at::Reduction::Sum).backward();
}

}  // namespace

double bench_epsilon(Norm norm) {
  switch (norm) {
    case Norm::linf: return 8.0 / 255;
    case Norm::l2: return 0.5;
    case Norm::l1: return 12;
    case Norm::l0: break;
  }
  return 10;
}

std::string bench_attack(Model& model, const Attack& attack, const Attack* against, const Batch& batch, Norm norm,
                         int64_t pairs) {
  const auto propose = [&](const Attack& one) {
    Victim victim(model, 0);
    one.propose(victim, batch, norm, {bench_epsilon(norm)});
    return victim.audit().backward / batch.labels.size(0);
  };
  const int64_t passes = propose(attack);
  if (passes == 0) throw InputError(fmt::format("attack '{}' takes no gradients to compare with", attack.name()));
  if (against != nullptr && propose(*against) != passes) {
    throw InputError(fmt::format("attack '{}' takes {} gradients an image and '{}' {}; expected as many of both",
                                 attack.name(), passes, against->name(), propose(*against)));
  }
  const auto floor = [&] {
    if (against != nullptr) {
      propose(*against);
      return;
    }
    for (int64_t pass = 0; pass < passes; ++pass) floor_step(model, batch);
  };
  const auto result = measure_pairs([&] { propose(attack); }, floor, pairs);
  const std::string other = against != nullptr ? fmt::format("{}, {} gradients", against->name(), passes)
                                               : fmt::format("{} bare forward and backward", passes);
  return fmt::format("{} on {}, {}, batch {}, {}\n", attack.name(), model.card().architecture, norm_name(norm),
                     batch.labels.size(0), batch.images.device().str()) +
         result.text(attack.name(), other, batch.labels.size(0));
}

}  // namespace aigis
