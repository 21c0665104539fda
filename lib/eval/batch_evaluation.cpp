#include "lib/eval/batch_evaluation.h"

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "lib/core/stop.h"
#include "lib/eval/worst_case.h"

namespace aigis {
namespace {

/// Nested budgets need an attempt for each, unless the work for one serves them all.
bool attacks_again(const Run& run, bool nested) { return nested && !run.attack->shares_budgets(); }

}  // namespace

RunPart BatchEvaluation::evaluate(size_t r, const BatchParts& done) {
  const Run& run = runs_[r];
  const std::shared_ptr<Model> target = defended(model_, run.defense);
  const CleanPass& clean = clean_pass(*target, run);
  const at::Tensor wanted = wanted_classes(run, model_, batch_, plan_.seed);
  const bool nested = is_nested(plan_, run, model_->card());
  const bool again = attacks_again(run, nested);
  const std::vector<Proposal>* all = again || run.is_worst_case() ? nullptr : &proposals_.propose(run, clean, wanted);
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
      if (again) proposals_.attack_again(run, smaller, e, knowing, proposal);
      else proposal = (*all)[e];
      if (nested) {
        proposal.images = images_within_more(*target, batch_, smaller, proposal.images, plan_.norm, plan_.epsilons[e],
                                             plan_.seed, run.judged_by());
      }
    }
    Cell cell = measure_cell(*target, batch_, clean, proposal.images, wanted, plan_.norm, plan_.epsilons[e], plan_.seed,
                             {plan_.gate_swap, plan_.examples_as == at::kByte, done.images_saved()});
    cell.tally.audit = proposal.audit;
    cell.tally.audit.stages = proposal.fallen.stages();  // once for an image that was tried several times
    cell.tally.seconds = proposal.seconds + cell.seconds;
    if (plan_.latency) cell.tally.latency = measure_latency(*target, batch_, cell.images, plan_.seed);
    proposal.images = cell.images;
    unbroken = cell.wins.eq(0);
    mended = at::tensor(at::IntArrayRef(cell.tally.quantized_hits)).gt(0).logical_and(unbroken.logical_not());
    if (proposal.met.defined() && run.sees_judge()) {
      cell.tally.watched = batch_.ids.size(0);
      cell.tally.lost = proposal.met.logical_and(unbroken).sum().item<int64_t>();
    }
    tally.cells.push_back(cell.tally);
    if (needed > 0) {
      const at::Tensor few = cell.images.slice(0, 0, needed);
      part.images.push_back(few.to(at::TensorOptions(at::kCPU), /*non_blocking=*/false, /*copy=*/true));
    }
  }
  proposals_.forget(r, done);
  return part;
}

const CleanPass& BatchEvaluation::clean_pass(Model& target, const Run& run) {
  const bool differs = model_->card().has_random_gates;
  const std::pair key(run.defense.get(), differs ? run.judged_by() : Purpose::verdict_gates);
  const auto found = clean_.find(key);
  if (found != clean_.end()) return found->second;
  return clean_[key] = measure_clean(target, batch_, plan_.seed, key.second);
}

}  // namespace aigis
