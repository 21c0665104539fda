#include "attacks/parts/ensemble.h"

#include <ATen/ops/zeros_like.h>

#include "lib/eval/verdict.h"

namespace aigis {
namespace {

/// [N] int64: in how many draws the answer is wrong. The restart is no stage's: what was fitted to a draw would be
/// wrong in it again.
at::Tensor wrong_draws(Victim& victim, const Batch& batch, const at::Tensor& images, uint32_t step) {
  constexpr uint32_t kNoRestart = ~0u;
  at::Tensor wrong = at::zeros_like(batch.labels);
  for (int64_t draw = 0; draw < victim.card().draws; ++draw) {
    const Output output = victim.forward(images, batch.ids, {kNoRestart, static_cast<uint32_t>(draw), step});
    wrong = wrong + answers_of(output.logits).ne(batch.labels);
  }
  return wrong;
}

}  // namespace

std::set<GateGradient> Ensemble::gate_paths() const {
  std::set<GateGradient> paths;
  for (const auto& stage : stages(Norm::linf)) paths.merge(stage.attack->gate_paths());
  return paths;
}

void Ensemble::check(const ModelCard& card) const {
  for (const auto& stage : stages(Norm::linf)) stage.attack->check(card);
}

std::vector<std::string> Ensemble::notes(const ModelCard& card) const {
  std::vector<std::string> notes;
  for (const auto& stage : stages(Norm::linf)) {
    for (const auto& note : stage.attack->notes(card)) notes.push_back(stage.label + ": " + note);
  }
  return notes;
}

std::vector<at::Tensor> Ensemble::propose(Victim& victim, const Batch& batch, Norm norm,
                                          at::ArrayRef<double> epsilons) const {
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) {
    at::Tensor images = batch.images.clone();
    at::Tensor best = wrong_draws(victim, batch, images, 0);
    at::Tensor left = best.lt(victim.card().draws).nonzero().squeeze(1);
    uint32_t number = 0;
    for (const auto& stage : stages(norm)) {
      if (left.size(0) == 0) break;
      const Batch rest = batch.select(left);
      const at::Tensor found = stage.attack->propose(victim, rest, norm, {epsilon})[0];
      const at::Tensor wrong = wrong_draws(victim, rest, found, ++number), broken = wrong.ge(victim.card().draws);
      victim.credit(stage.label, rest.ids, rest.ids.masked_select(broken.to(rest.ids.device())));
      // What withstands all keeps the first attack's image, the one of the greatest loss.
      const at::Tensor known = best.index_select(0, left), better = number == 1 ? wrong.ge(known) : wrong.gt(known);
      const at::Tensor rows = better.nonzero().squeeze(1), places = left.index_select(0, rows);
      images.index_copy_(0, places, found.index_select(0, rows));
      best.index_copy_(0, places, wrong.index_select(0, rows));
      left = left.index_select(0, broken.logical_not().nonzero().squeeze(1));
    }
    candidates.push_back(images);
  }
  return candidates;
}

}  // namespace aigis
