#include "lib/eval/sweep.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
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

/// The plan's runs against a model, with attacks that have learnt what they need where they are `wanted`, by number.
std::vector<Run> learnt_runs(const SweepPlan& plan, const std::shared_ptr<Model>& model,
                             const std::vector<size_t>& wanted) {
  std::vector<Run> runs = plan.runs;
  std::map<std::tuple<const Attack*, const Model*, const Defense*>, std::shared_ptr<const Attack>> known;
  for (const size_t r : wanted) {
    Run& run = runs[r];
    if (!run.attack || run.attack->learns_from() == 0) continue;
    check_stop();
    const View view = view_of(run, model);
    std::shared_ptr<const Attack>& learnt = known[{run.attack.get(), run.access.surrogate.get(), view.defense.get()}];
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

class Sweep {
 public:
  Sweep(const SweepPlan& plan, Journal& journal)
      : plan_(plan), count_((plan.data.size() + plan.batch - 1) / plan.batch), parts_(plan.models.size()) {
    int64_t done = 0;
    for (size_t m = 0; m < parts_.size(); ++m) {
      for (int64_t b = 0; b < count_; ++b) {
        const BatchParts& parts = parts_[m].emplace_back(plan, journal, m, b);
        for (size_t r = 0; r < plan.runs.size(); ++r) done += parts.is_done(r) ? parts.size() : 0;
      }
    }
    const auto judged = static_cast<int64_t>(plan.models.size() * plan.runs.size());
    if (!plan.title.empty()) progress_.emplace(plan.title, plan.data.size() * judged, "images", done);
  }

  SweepResult run() {
    for (size_t m = 0; m < plan_.models.size(); ++m) attack_itself(m);
    attack_others();
    return joined();
  }

 private:
  bool lacks(size_t m, size_t r) const {
    return std::any_of(parts_[m].begin(), parts_[m].end(), [&](const auto& parts) { return !parts.is_done(r); });
  }

  /// The runs whose attacks see the model that judges them, bare or behind its defense.
  void attack_itself(size_t m) {
    bool is_done = true;
    std::vector<size_t> wanted;
    for (size_t r = 0; r < plan_.runs.size(); ++r) {
      if (!lacks(m, r)) continue;
      is_done = false;
      if (!plan_.runs[r].access.surrogate) wanted.push_back(r);
    }
    if (!is_done) pass_defenses(plan_, plan_.models[m]);
    if (wanted.empty()) return;
    const std::vector<Run> runs = learnt_runs(plan_, plan_.models[m], wanted);
    run_in_parallel(count_, plan_.workers, [&](int64_t b) {
      Transferred none;
      BatchEvaluation evaluation(plan_, runs, plan_.models[m], batch(b), none);
      for (const size_t r : wanted) evaluate(r, evaluation, parts_[m][static_cast<size_t>(b)]);
    });
  }

  /// The runs whose attacks see another model: batch by batch, what an attack on one of these gives is judged by all.
  void attack_others() {
    std::vector<size_t> wanted;
    std::map<std::string, std::vector<std::vector<size_t>>> by_access;  // and by attack
    for (size_t r = 0; r < plan_.runs.size(); ++r) {
      const Access& access = plan_.runs[r].access;
      bool is_lacking = false;
      for (size_t m = 0; access.surrogate && m < parts_.size(); ++m) is_lacking = is_lacking || lacks(m, r);
      if (!is_lacking) continue;
      wanted.push_back(r);
      std::vector<std::vector<size_t>>& groups = by_access[access.name];
      if (groups.empty() || plan_.runs[groups.back().back()].attack != plan_.runs[r].attack) groups.emplace_back();
      groups.back().push_back(r);
    }
    if (wanted.empty()) return;
    const std::vector<Run> runs = learnt_runs(plan_, plan_.models.front(), wanted);
    run_in_parallel(count_, plan_.workers, [&](int64_t b) {
      const Batch images = batch(b);
      Transferred transferred;
      std::vector<std::optional<BatchEvaluation>> evaluations(plan_.models.size());
      for (const auto& [access, groups] : by_access) {
        for (const std::vector<size_t>& group : groups) {
          for (size_t m = 0; m < plan_.models.size(); ++m) {
            if (!evaluations[m]) evaluations[m].emplace(plan_, runs, plan_.models[m], images, transferred);
            for (const size_t r : group) evaluate(r, *evaluations[m], parts_[m][static_cast<size_t>(b)]);
          }
          transferred.clear();
        }
      }
    });
  }

  Batch batch(int64_t b) const { return take(plan_.data, b * plan_.batch, plan_.batch, plan_.device); }

  /// A run of a batch, which is in the journal as soon as it is done.
  void evaluate(size_t r, BatchEvaluation& evaluation, BatchParts& parts) {
    if (parts.is_done(r)) return;
    check_stop();
    parts.add(r, evaluation.evaluate(r, parts));
    const std::scoped_lock lock(guard_);
    if (progress_) progress_->advance(parts.size());
  }

  SweepResult joined() {
    SweepResult result;
    // In the order of the data set, so that sums round the same way every time.
    for (size_t m = 0; m < plan_.models.size(); ++m) {
      std::vector<RunTally>& tallies = result.tallies.emplace_back(plan_.runs.size());
      for (size_t r = 0; r < plan_.runs.size(); ++r) {
        for (const BatchParts& parts : parts_[m]) tallies[r].merge(parts.part(r).tally);
        join_examples(plan_, m, r, parts_[m], result);
      }
      parts_[m].clear();  // what every image told is held once
    }
    return result;
  }

  const SweepPlan& plan_;
  int64_t count_;                               ///< of batches
  std::vector<std::vector<BatchParts>> parts_;  ///< [model][batch]
  std::optional<Progress> progress_;
  std::mutex guard_;  ///< of progress_
};

}  // namespace

bool is_nested(const SweepPlan& plan, const Run& run, const ModelCard& card) {
  const bool any_answer = run.attack && run.attack->wants_any_answer() && !run.attack->is_targeted();
  return plan.nested && any_answer && !card.has_random_gates;
}

SweepResult run_sweep(const SweepPlan& plan, Journal& journal) { return Sweep(plan, journal).run(); }

}  // namespace aigis
