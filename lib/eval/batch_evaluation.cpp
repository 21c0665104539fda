#include "lib/eval/batch_evaluation.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <optional>

#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/eval/witness.h"
#include "lib/eval/worst_case.h"

namespace aigis {
namespace {

/// Whether what the attack sees is what judges the run.
bool sees_judge(const Run& run) { return !run.access.surrogate && (!run.defense || run.access.sees_defense()); }

/// Whether an image that an attack on `card`'s model meets broken on its way is one that it should hand out, where it
/// sees the judge: it is told what the verdict will be, and wants no more than that.
bool should_keep_what_it_meets(const Run& run, const ModelCard& card) {
  return !run.access.surrogate && run.attack->wants_any_answer() && !card.has_random_gates;
}

/// Whether an image that is wrong without an attack is as good as broken.
bool leaves_what_is_wrong(const Attack& attack, const ModelCard& card) {
  return attack.heeds_judge() && attack.wants_answer() && !card.has_random_gates;
}

/// Whether it tells after how many answers of the model images broke: it sees nothing else.
bool counts_answers(const Attack& attack) { return attack.heeds_judge() && !attack.sees_gradients(); }

/// Nested budgets need an attempt for each, unless the work for one serves them all.
bool attacks_again(const Run& run, bool nested) { return nested && !run.attack->shares_budgets(); }

/// An attack that knows of a batch what serves every budget, and the work that it took to know it.
struct Prepared {
  std::shared_ptr<const Attack> attack;
  AttackAudit audit;
  double seconds = 0;
  StageRecord fallen;
};

Prepared prepare(const std::shared_ptr<const Attack>& attack, const View& view, const Batch& batch, uint64_t seed) {
  const Stopwatch watch;
  Victim victim(*view.model, seed, view.judge);
  const std::shared_ptr<const Attack> knowing = attack->prepared_for(victim, batch);
  return {knowing ? knowing : attack, victim.audit(), watch.seconds(), victim.fallen()};
}

}  // namespace

RunPart BatchEvaluation::evaluate(size_t r, const BatchParts& done) {
  const Run& run = runs_[r];
  const std::shared_ptr<Model> target = defended(model_, run.defense);
  const CleanPass& clean = clean_pass(*target, run);
  const at::Tensor wanted = wanted_classes(run, model_, batch_, plan_.seed);
  const bool nested = is_nested(plan_, run, model_->card());
  const bool again = attacks_again(run, nested);
  const std::vector<Proposal>* all = again || run.is_worst_case() ? nullptr : &propose(run, clean, wanted);
  const int64_t needed = done.images_needed(r);
  RunPart part;
  RunTally& tally = part.tally;
  tally.clean = clean.tally;
  tally.clean_hits = listed(clean.judgement.hits);
  tally.redraw_flipped = clean.redraw_flipped;
  Proposal proposal{batch_.images, {}, {}, 0};
  std::shared_ptr<const Attack> knowing;
  at::Tensor unbroken = clean.judgement.hits.gt(0), mended = at::zeros_like(unbroken);
  for (size_t e = 0; e < plan_.epsilons.size(); ++e) {
    check_stop();
    if (run.is_worst_case()) {
      proposal = worst_case(runs_, run, e, done, batch_);
    } else {
      const Fallen smaller{proposal.images, unbroken, mended};
      if (again) attack_again(run, smaller, e, knowing, proposal);
      else proposal = (*all)[e];
      if (nested) {
        proposal.images = images_within_more(*target, batch_, smaller, proposal.images, plan_.norm, plan_.epsilons[e],
                                             plan_.seed, run.judged_by());
      }
    }
    Cell cell = measure_cell(*target, batch_, clean, proposal.images, wanted, plan_.norm, plan_.epsilons[e], plan_.seed,
                             {plan_.gate_swap, plan_.examples_as == at::kByte});
    cell.tally.audit = proposal.audit;
    cell.tally.audit.stages = proposal.fallen.stages();  // once for an image that was tried several times
    cell.tally.seconds = proposal.seconds + cell.seconds;
    if (plan_.latency) cell.tally.latency = measure_latency(*target, batch_, cell.images, plan_.seed);
    proposal.images = cell.images;
    unbroken = cell.wins.eq(0);
    mended = at::tensor(at::IntArrayRef(cell.tally.quantized_hits)).gt(0).logical_and(unbroken.logical_not());
    if (proposal.met.defined() && sees_judge(run)) {
      cell.tally.watched = batch_.ids.size(0);
      cell.tally.lost = proposal.met.logical_and(unbroken).sum().item<int64_t>();
    }
    tally.cells.push_back(cell.tally);
    if (needed > 0) {
      const at::Tensor few = cell.images.slice(0, 0, needed);
      part.images.push_back(few.to(at::TensorOptions(at::kCPU), /*non_blocking=*/false, /*copy=*/true));
    }
  }
  forget_proposals(r, done);
  return part;
}

void BatchEvaluation::attack_again(const Run& run, const Fallen& smaller, size_t e,
                                   std::shared_ptr<const Attack>& knowing, Proposal& proposal) const {
  const at::Tensor rows = smaller.worth_another_try().nonzero().squeeze(1);
  const Proposal again = attacked(run, rows, {}, {plan_.epsilons[e]}, smaller.images, knowing).front();
  proposal.images = again.images;
  proposal.met = again.met;
  proposal.audit.merge(again.audit);
  proposal.fallen.merge(again.fallen);
  if (counts_answers(*run.attack)) {
    if (e > 0) proposal.audit.broken_after.clear();  // counted from the budget's own first answer on
    else if (const int64_t wrong = batch_.ids.size(0) - rows.size(0); wrong > 0) proposal.audit.broken_after[0] = wrong;
  }
  proposal.seconds += again.seconds;
}

const CleanPass& BatchEvaluation::clean_pass(Model& target, const Run& run) {
  const bool differs = model_->card().has_random_gates;
  const std::pair key(run.defense.get(), differs ? run.judged_by() : Purpose::verdict_gates);
  const auto found = clean_.find(key);
  if (found != clean_.end()) return found->second;
  return clean_[key] = measure_clean(target, batch_, plan_.seed, key.second);
}

const std::vector<Proposal>& BatchEvaluation::propose(const Run& run, const CleanPass& clean,
                                                      const at::Tensor& wanted) {
  const View view = view_of(run, model_);
  const Key key = key_of(run);
  const auto found = proposals_.find(key);
  if (found != proposals_.end()) return found->second;
  if (!run.attack) return proposals_[key] = std::vector<Proposal>(plan_.epsilons.size(), {batch_.images, {}, {}, 0});
  const at::Tensor all = at::arange(batch_.ids.size(0), batch_.ids.options());
  const bool leaves =
      view.judge == Judge::this_model && !wanted.defined() && leaves_what_is_wrong(*run.attack, model_->card());
  const at::Tensor rows = leaves ? clean.judgement.hits.gt(0).nonzero().squeeze(1) : all;
  std::shared_ptr<const Attack> knowing;
  std::vector<Proposal> proposals = attacked(run, rows, wanted, plan_.epsilons, batch_.images, knowing);
  const int64_t left = all.size(0) - rows.size(0);
  for (Proposal& proposal : proposals) {
    if (left > 0 && counts_answers(*run.attack)) proposal.audit.broken_after[0] = left;
  }
  return proposals_[key] = std::move(proposals);
}

BatchEvaluation::Key BatchEvaluation::key_of(const Run& run) const {
  const View view = view_of(run, model_);
  return {run.attack.get(), run.access.surrogate.get(), view.defense.get(), view.judge};
}

void BatchEvaluation::forget_proposals(size_t r, const BatchParts& done) {
  const Key key = key_of(runs_[r]);
  for (size_t later = r + 1; later < runs_.size(); ++later) {
    if (!done.is_done(later) && key_of(runs_[later]) == key) return;
  }
  proposals_.erase(key);
}

std::vector<Proposal> BatchEvaluation::attacked(const Run& run, const at::Tensor& rows, const at::Tensor& wanted,
                                                at::ArrayRef<double> epsilons, const at::Tensor& images,
                                                std::shared_ptr<const Attack>& knowing) const {
  const int64_t count = batch_.ids.size(0);
  std::vector<Proposal> proposals;
  // What was met on the way to several budgets at once belongs to none of them. A run with the same proposals may see
  // its judge where this one does not.
  const bool is_watched =
      should_keep_what_it_meets(run, model_->card()) && (!run.attack->shares_budgets() || epsilons.size() == 1);
  if (rows.size(0) == 0 && count > 0) {
    const Proposal as_they_are{images, is_watched ? at::zeros({count}, at::kBool) : at::Tensor(), {}, 0};
    return std::vector<Proposal>(epsilons.size(), as_they_are);
  }
  const at::Tensor there = rows.to(plan_.device);
  const bool is_whole = rows.size(0) == count;
  const Batch some = is_whole ? batch_ : batch_.select(rows);
  const View view = view_of(run, model_);
  const at::Tensor some_wanted = wanted.defined() ? wanted.index_select(0, there) : wanted;
  Prepared prepared;
  if (!knowing) {
    prepared = prepare(run.attack, view, some, plan_.seed);
    knowing = prepared.attack;
  }
  // One by one, so that each budget's work is known, unless it is the same work.
  const size_t together = run.attack->shares_budgets() ? epsilons.size() : 1;
  for (size_t e = 0; e < epsilons.size(); e += together) {
    check_stop();
    const Stopwatch watch;
    std::optional<Witness> witness;
    if (is_watched) witness.emplace(*view.model, some, some_wanted, plan_.norm, epsilons[e]);
    Victim victim(witness ? *witness : *view.model, plan_.seed, view.judge);
    for (auto& made : knowing->propose(victim, some, plan_.norm, epsilons.slice(e, together))) {
      const at::Tensor met = witness ? witness->met() : at::Tensor();
      AttackAudit audit = prepared.audit;
      audit.merge(victim.audit(proposals.size() - e));
      StageRecord fallen = prepared.fallen;
      fallen.merge(victim.fallen());
      proposals.push_back({is_whole ? std::move(made) : images.index_copy(0, there, made),
                           is_whole || !met.defined() ? met : at::zeros({count}, at::kBool).index_copy(0, rows, met),
                           std::move(audit), prepared.seconds + watch.seconds(), std::move(fallen)});
    }
  }
  return proposals;
}

}  // namespace aigis
