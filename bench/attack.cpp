#include <ATen/ops/cross_entropy_loss.h>
#include <fmt/format.h>

#include <optional>

#include "bench/benchmarks.h"
#include "lib/core/error.h"
#include "lib/core/text.h"
#include "lib/eval/witness.h"
#include "lib/metrics/paired.h"

namespace aigis {
namespace {

/// What each image of a batch took of an attack.
struct Work {
  int64_t gradients = 0;
  int64_t aside = 0;  ///< forward passes that belong to no step, and what all of them took
  double seconds_aside = 0;
};

/// A line, if there are any.
std::string text_of_aside(const std::string& attack, int64_t passes) {
  if (passes == 0) return "";
  return fmt::format(
      "{}: without {} forward passes an image that belong to no step (along other graphs, or to confirm what was "
      "found)\n",
      attack, passes);
}

/// A line, if the attack is watched.
std::string text_of_watch(const Attack& attack, const ModelCard& card) {
  if (!is_worth_watching(attack, card)) return "";
  return fmt::format(
      "{}: what it breaks is watched at each pass, as in an evaluation where the attack sees its judge\n",
      attack.name());
}

/// What no attack with a gradient can avoid. Returns the gradient.
at::Tensor floor_step(Model& model, const Batch& batch) {
  const at::Tensor leaf = batch.images.detach().clone().set_requires_grad(true);
  const Pass pass{{0, Purpose::attack_gates}, batch.ids};
  at::cross_entropy_loss(model.forward(leaf, pass).logits, batch.labels, {}, at::Reduction::Sum).backward();
  return leaf.grad();
}

}  // namespace

double bench_epsilon(Norm norm) { return parse_number(usual_budget(norm), "epsilon"); }

std::string bench_attack(Model& model, const Attack& attack, const Attack* against, const Batch& batch, Norm norm,
                         int64_t pairs) {
  const int64_t images = batch.labels.size(0);
  const double epsilon = bench_epsilon(norm);
  const auto wanted_by = [&](const Attack& one) {
    Victim victim(model, 0);
    return one.targets(victim, batch);
  };
  const at::Tensor wanted = wanted_by(attack), other_wanted = against != nullptr ? wanted_by(*against) : at::Tensor();
  const auto propose = [&](const Attack& one, const at::Tensor& targets) -> Work {
    std::optional<Witness> witness;
    if (is_worth_watching(one, model.card())) witness.emplace(model, batch, targets, norm, epsilon);
    Victim victim(witness ? *witness : model, 0);
    one.propose(victim, batch, norm, {epsilon});
    if (witness) witness->met();
    const AttackAudit audit = victim.audit();
    return {audit.backward / images, audit.aside / images, victim.aside_seconds()};
  };
  const Work work = propose(attack, wanted);
  if (work.gradients == 0) {
    throw InputError(fmt::format("attack '{}' takes no gradients to compare with", attack.name()));
  }
  const auto compared = [&]() -> Work {
    if (against != nullptr) return propose(*against, other_wanted);
    at::Tensor gradient;
    for (int64_t pass = 0; pass < work.gradients; ++pass) gradient = floor_step(model, batch);
    gradient.sum().item<double>();  // waits for a GPU, as an attack's count of its gradients does
    return {.gradients = work.gradients};
  };
  const Work other_work = compared();
  if (against != nullptr && other_work.gradients != work.gradients) {
    throw InputError(fmt::format("attack '{}' takes {} gradients an image and '{}' {}; expected as many of both",
                                 attack.name(), work.gradients, against->name(), other_work.gradients));
  }
  double seconds_aside = 0;  // of the last run
  const auto result =
      measure_pairs([&] { seconds_aside = propose(attack, wanted).seconds_aside; },
                    [&] { seconds_aside = compared().seconds_aside; }, pairs, [&] { return seconds_aside; });
  const std::string other = against != nullptr ? fmt::format("{}, {} gradients", against->name(), work.gradients)
                                               : fmt::format("{} bare forward and backward", work.gradients);
  return fmt::format("{} on {}, {}, batch {}, {}\n", attack.name(), model.card().architecture, norm_name(norm), images,
                     batch.images.device().str()) +
         result.text(attack.name(), other, images) + text_of_watch(attack, model.card()) +
         (against != nullptr ? text_of_watch(*against, model.card()) : "") + text_of_aside(attack.name(), work.aside) +
         text_of_aside(other, other_work.aside);
}

}  // namespace aigis
