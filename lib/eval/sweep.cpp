#include "lib/eval/sweep.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <tuple>

#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/core/workers.h"
#include "lib/eval/batch_evaluation.h"

namespace aigis {
namespace {

/// One image through each defense. On its first pass behind one a model may find out what serves the whole data set
/// (FrozenGraph): in a batch one worker would do that alone, and the others wait.
void pass_defenses(const SweepPlan& plan, const std::shared_ptr<Model>& model) {
  const at::NoGradGuard no_grad;
  const Batch one = take(plan.data, 0, 1, plan.device);
  std::set<const Defense*> passed{nullptr};
  for (const Run& run : plan.runs) {
    if (!passed.insert(run.defense.get()).second) continue;
    check_stop();
    defended(model, run.defense)->forward(one.images, {{plan.seed, Purpose::verdict_gates, 0, 0, 0}, one.ids});
  }
}

/// Attacks that have learnt, by the plan's attack, the model that it sees and the defense before it.
using LearntAttacks = std::map<std::tuple<const Attack*, const Model*, const Defense*>, std::shared_ptr<const Attack>>;

/// The plan's runs against a model. Attacks of runs that some batch still lacks have learnt what they need.
std::vector<Run> learnt_runs(const SweepPlan& plan, const std::shared_ptr<Model>& model,
                             const std::vector<BatchParts>& batches, LearntAttacks& known) {
  std::vector<Run> runs = plan.runs;
  for (size_t r = 0; r < runs.size(); ++r) {
    Run& run = runs[r];
    if (!run.attack || run.attack->learns_from() == 0) continue;
    const bool is_done =
        std::all_of(batches.begin(), batches.end(), [&](const auto& parts) { return parts.is_done(r); });
    if (is_done) continue;
    check_stop();
    const View view = view_of(run, model);
    const Model* seen = run.access.surrogate ? run.access.surrogate.get() : model.get();
    std::shared_ptr<const Attack>& learnt = known[{run.attack.get(), seen, view.defense.get()}];
    if (learnt) {
      run.attack = learnt;
      continue;
    }
    Victim victim(*view.model, plan.seed, view.judge);
    const Batch training =
        take(plan.training.spread(run.attack->learns_from()), 0, run.attack->learns_from(), plan.device);
    const std::string name = run.attack->name();
    run.attack = run.attack->learnt(victim, training, plan.norm, plan.epsilons);
    if (!run.attack) throw std::logic_error("attack " + name + " has learnt nothing");
    learnt = run.attack;
  }
  return runs;
}

/// What a batch lacks against one model: run by run, so that each is in the journal as soon as it is done.
void evaluate_rest(const SweepPlan& plan, const std::vector<Run>& runs, const std::shared_ptr<Model>& model,
                   BatchParts& parts, Transferred& transferred) {
  if (parts.is_done()) return;
  BatchEvaluation evaluation(plan, runs, model, take(plan.data, parts.offset(), plan.batch, plan.device), transferred);
  for (size_t r = 0; r < runs.size(); ++r) {
    if (!parts.is_done(r)) parts.add(r, evaluation.evaluate(r, parts));
  }
}

/// Takes what batches hold of a run's images to be saved, and joins it.
void join_examples(const SweepPlan& plan, size_t model, size_t run, std::vector<BatchParts>& batches,
                   SweepResult& result) {
  for (size_t e = 0; e < plan.epsilons.size(); ++e) {
    std::vector<at::Tensor> pieces;
    for (BatchParts& parts : batches) {
      if (!parts.part(run).images.empty()) pieces.push_back(std::move(parts.part(run).images[e]));
    }
    if (pieces.empty()) continue;
    const at::Tensor images = at::cat(pieces).to(plan.examples_as);
    const CellTally& cell = result.tallies[model][run].cells[e];
    const at::Tensor hits = at::tensor(at::IntArrayRef(cell.hits_as(plan.examples_as)));
    const at::Tensor margins = at::tensor(at::ArrayRef<double>(cell.margins)).to(at::kFloat);
    const int64_t count = images.size(0);
    result.examples.push_back({model, run, e, images, hits.slice(0, 0, count).clone(), margins});
  }
}

}  // namespace

bool is_nested(const SweepPlan& plan, const Run& run, const ModelCard& card) {
  const bool any_answer = run.attack && run.attack->wants_any_answer() && !run.attack->is_targeted();
  return plan.nested && any_answer && !card.has_random_gates;
}

SweepResult run_sweep(const SweepPlan& plan, Journal& journal) {
  const int64_t count = (plan.data.size() + plan.batch - 1) / plan.batch;
  SweepResult result;
  std::optional<Progress> progress;
  if (!plan.title.empty()) {
    progress.emplace(plan.title, plan.data.size() * static_cast<int64_t>(plan.models.size()), "images");
  }
  std::vector<std::vector<BatchParts>> parts(plan.models.size());  // [model][batch]
  std::vector<std::vector<Run>> runs;                              // [model]
  LearntAttacks learnt;
  for (size_t m = 0; m < plan.models.size(); ++m) {
    for (int64_t b = 0; b < count; ++b) parts[m].emplace_back(plan, journal, m, b);
    const bool is_done = std::all_of(parts[m].begin(), parts[m].end(), [](const auto& one) { return one.is_done(); });
    if (!is_done) pass_defenses(plan, plan.models[m]);
    runs.push_back(learnt_runs(plan, plan.models[m], parts[m], learnt));
  }
  std::mutex guard;  // of progress
  run_in_parallel(count, plan.workers, [&](int64_t b) {
    Transferred transferred;
    for (size_t m = 0; m < plan.models.size(); ++m) {
      check_stop();
      BatchParts& own = parts[m][static_cast<size_t>(b)];
      evaluate_rest(plan, runs[m], plan.models[m], own, transferred);
      const std::scoped_lock lock(guard);
      if (progress) progress->advance(own.size());
    }
  });
  // In the order of the data set, so that sums round the same way every time.
  for (size_t m = 0; m < plan.models.size(); ++m) {
    std::vector<RunTally>& tallies = result.tallies.emplace_back(plan.runs.size());
    for (size_t r = 0; r < plan.runs.size(); ++r) {
      for (const BatchParts& one : parts[m]) tallies[r].merge(one.part(r).tally);
      join_examples(plan, m, r, parts[m], result);
    }
    parts[m].clear();  // what every image told is held once
  }
  return result;
}

}  // namespace aigis
