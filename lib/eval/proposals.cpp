#include "lib/eval/proposals.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <optional>

#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/eval/witness.h"

namespace aigis {
namespace {

/// Whether an image that the attack meets broken on its way is one that it should hand out where it sees the judge. If
/// it heeds the judge its proposals are for runs that see theirs or for runs that do not; else they may be for both.
bool should_keep_what_it_meets(const Run& run, const View& view, const ModelCard& card) {
  const bool may_see_judge = run.attack->heeds_judge() ? view.judge == Judge::this_model : !run.access.surrogate;
  return may_see_judge && is_worth_watching(*run.attack, card);
}

/// Whether an image that is wrong without an attack is as good as broken.
bool leaves_what_is_wrong(const Attack& attack, const ModelCard& card) {
  return attack.heeds_judge() && attack.wants_answer() && !card.has_random_gates;
}

/// Whether it tells after how many answers of the model images broke: it sees nothing else.
bool counts_answers(const Attack& attack) { return attack.heeds_judge() && !attack.sees_gradients(); }

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

/// The same with their images on that device.
std::vector<Proposal> moved(std::vector<Proposal> proposals, at::Device device) {
  for (Proposal& proposal : proposals) proposal.images = proposal.images.to(device);
  return proposals;
}

}  // namespace

const std::vector<Proposal>& Proposals::propose(const Run& run, const CleanPass& clean, const at::Tensor& wanted) {
  const View view = view_of(run, model_);
  const ProposalKey key = key_of(run, view);
  const auto found = made_.find(key);
  if (found != made_.end()) return found->second;
  if (const auto known = transferred_.find(key); known != transferred_.end()) {
    return made_[key] = moved(known->second, plan_.device);
  }
  if (!run.attack) return made_[key] = std::vector<Proposal>(plan_.epsilons.size(), {batch_.images, {}, {}, 0});
  const at::Tensor all = at::arange(batch_.ids.size(0), batch_.ids.options());
  const bool leaves =
      view.judge == Judge::this_model && !wanted.defined() && leaves_what_is_wrong(*run.attack, model_->card());
  const at::Tensor rows = leaves ? clean.judgement.hits.gt(0).nonzero().squeeze(1) : all;
  std::shared_ptr<const Attack> knowing;
  std::vector<Proposal> proposals = attacked(run, view, rows, wanted, plan_.epsilons, batch_.images, knowing);
  const int64_t left = all.size(0) - rows.size(0);
  for (Proposal& proposal : proposals) {
    if (left > 0 && counts_answers(*run.attack)) proposal.audit.broken_after[0] = left;
  }
  if (run.access.surrogate && plan_.models.size() > 1) transferred_[key] = moved(proposals, at::kCPU);
  return made_[key] = std::move(proposals);
}

void Proposals::attack_again(const Run& run, const Fallen& smaller, size_t e, std::shared_ptr<const Attack>& knowing,
                             Proposal& proposal) const {
  const at::Tensor rows = smaller.worth_another_try().nonzero().squeeze(1);
  const Proposal again =
      attacked(run, view_of(run, model_), rows, {}, {plan_.epsilons[e]}, smaller.images, knowing).front();
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

void Proposals::forget(size_t r, const BatchParts& done) {
  const auto key = [&](size_t run) { return key_of(runs_[run], view_of(runs_[run], model_)); };
  const ProposalKey own = key(r);
  for (size_t later = r + 1; later < runs_.size(); ++later) {
    if (!done.is_done(later) && key(later) == own) return;
  }
  made_.erase(own);
}

ProposalKey Proposals::key_of(const Run& run, const View& view) {
  return {run.attack.get(), run.access.surrogate.get(), view.defense.get(), view.judge};
}

std::vector<Proposal> Proposals::attacked(const Run& run, const View& view, const at::Tensor& rows,
                                          const at::Tensor& wanted, at::ArrayRef<double> epsilons,
                                          const at::Tensor& images, std::shared_ptr<const Attack>& knowing) const {
  const int64_t count = batch_.ids.size(0);
  std::vector<Proposal> proposals;
  // What was met on the way to several budgets at once belongs to none of them.
  const bool is_watched =
      should_keep_what_it_meets(run, view, model_->card()) && (!run.attack->shares_budgets() || epsilons.size() == 1);
  const Proposal as_they_are{images, is_watched ? at::zeros({count}, at::kBool) : at::Tensor(), {}, 0};
  if (rows.size(0) == 0 && count > 0) return std::vector<Proposal>(epsilons.size(), as_they_are);
  const at::Tensor there = rows.to(plan_.device);
  const bool is_whole = rows.size(0) == count;
  const Batch some = is_whole ? batch_ : batch_.select(rows);
  const at::Tensor some_wanted = wanted.defined() ? wanted.index_select(0, there) : wanted;
  Prepared prepared;
  // One by one, so that each budget's work is known, unless it is the same work.
  const size_t together = run.attack->shares_budgets() ? epsilons.size() : 1;
  for (size_t e = 0; e < epsilons.size(); e += together) {
    check_stop();
    const at::ArrayRef<double> budgets = epsilons.slice(e, together);
    if (std::all_of(budgets.begin(), budgets.end(), [](double budget) { return budget == 0; })) {
      proposals.insert(proposals.end(), together, as_they_are);  // there is nowhere to go
      continue;
    }
    if (!knowing) {
      prepared = prepare(run.attack, view, some, plan_.seed);
      knowing = prepared.attack;
    }
    const Stopwatch watch;
    std::optional<Witness> witness;
    if (is_watched) witness.emplace(*view.model, some, some_wanted, plan_.norm, epsilons[e]);
    Victim victim(witness ? *witness : *view.model, plan_.seed, view.judge);
    for (auto& made : knowing->propose(victim, some, plan_.norm, budgets)) {
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
