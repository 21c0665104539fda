#include "lib/eval/sweep.h"

#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <tuple>

#include "lib/core/error.h"
#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/core/text.h"
#include "lib/core/workers.h"
#include "lib/eval/measure.h"

namespace aigis {
namespace {

/// The defended model of a run; the model itself without a defense.
std::shared_ptr<Model> defended(const std::shared_ptr<Model>& model, const std::shared_ptr<const Defense>& defense) {
  return defense ? std::make_shared<DefendedModel>(model, defense) : model;
}

/// One batch against one model: all runs, all budgets.
class BatchEvaluation {
 public:
  BatchEvaluation(const SweepPlan& plan, std::shared_ptr<Model> model, size_t model_index, Batch batch,
                  int64_t examples)
      : plan_(plan), model_(std::move(model)), model_index_(model_index), batch_(std::move(batch)),
        examples_(examples) {}

  std::vector<RunTally> evaluate(std::vector<SavedExamples>& saved) {
    std::vector<RunTally> tallies;
    for (size_t r = 0; r < plan_.runs.size(); ++r) tallies.push_back(evaluate_run(r, saved));
    return tallies;
  }

 private:
  struct Proposals {
    std::vector<at::Tensor> images;  ///< one for each budget
    AttackAudit audit;
    double seconds = 0;
  };

  RunTally evaluate_run(size_t r, std::vector<SavedExamples>& saved) {
    const Run& run = plan_.runs[r];
    const std::shared_ptr<Model> target = defended(model_, run.defense);
    const CleanPass& clean = clean_pass(*target, run);
    const bool nested = is_nested(plan_, run, model_->card());
    const Proposals* all = nested ? nullptr : &propose(run);
    const Stopwatch watch;
    RunTally tally;
    tally.clean = clean.tally;
    tally.redraw_flipped = clean.redraw_flipped;
    at::Tensor images = batch_.images, hits = clean.judgement.hits;  // of the last budget
    for (size_t e = 0; e < plan_.epsilons.size(); ++e) {
      check_stop();
      if (nested) images = attack_the_unbroken(run, images, hits, plan_.epsilons[e], tally.audit);
      const Cell cell = measure_cell(*target, batch_, clean, nested ? images : all->images[e], plan_.norm,
                                     plan_.epsilons[e], plan_.seed);
      images = cell.images;
      hits = cell.hits;
      tally.cells.push_back(cell.tally);
      if (examples_ > 0) {
        saved.push_back({model_index_, r, e, cell.images.slice(0, 0, examples_).to(at::kCPU, at::kFloat).contiguous(),
                         cell.hits.slice(0, 0, examples_).clone()});
      }
    }
    tally.seconds = watch.seconds();
    if (all != nullptr) {
      tally.audit = all->audit;
      tally.seconds += all->seconds;
    }
    return tally;
  }

  /// `images` with those replaced that the judge still gets right: by what the attack makes of the clean ones within a
  /// larger budget.
  at::Tensor attack_the_unbroken(const Run& run, const at::Tensor& images, const at::Tensor& hits, double epsilon,
                                 AttackAudit& audit) const {
    const at::Tensor rows = hits.gt(0).nonzero().squeeze(1);
    if (rows.size(0) == 0) return images;
    const at::Tensor there = rows.to(plan_.device);
    const Batch unbroken{batch_.images.index_select(0, there), batch_.labels.index_select(0, there),
                         batch_.ids.index_select(0, rows)};
    const std::shared_ptr<const Defense> seen = run.access == Access::white_box ? run.defense : nullptr;
    const std::shared_ptr<Model> seen_model = defended(model_, seen);
    Victim victim(*seen_model, plan_.seed, seen == run.defense ? Judge::this_model : Judge::another);
    const at::Tensor proposed = run.attack->propose(victim, unbroken, plan_.norm, {epsilon})[0];
    audit.merge(victim.audit());
    return images.index_copy(0, there, proposed);
  }

  /// The clean images through a defense: once, whatever the number of attacks and budgets.
  const CleanPass& clean_pass(Model& target, const Run& run) {
    const auto found = clean_.find(run.defense.get());
    if (found != clean_.end()) return found->second;
    return clean_[run.defense.get()] = measure_clean(target, batch_, plan_.seed);
  }

  /// The attack on what it may see: once for each pair of attack and seen model, unless the judge makes a difference.
  const Proposals& propose(const Run& run) {
    const auto seen = run.access == Access::white_box ? run.defense : nullptr;
    const Judge judge =
        run.attack && run.attack->heeds_judge() && seen == run.defense ? Judge::this_model : Judge::another;
    const auto key = std::tuple(run.attack.get(), seen.get(), judge);
    const auto found = proposals_.find(key);
    if (found != proposals_.end()) return found->second;
    const Stopwatch watch;
    Proposals proposals;
    if (run.attack) {
      const std::shared_ptr<Model> seen_model = defended(model_, seen);
      Victim victim(*seen_model, plan_.seed, judge);
      proposals.images = run.attack->propose(victim, batch_, plan_.norm, plan_.epsilons);
      proposals.audit = victim.audit();
    } else {
      proposals.images.assign(plan_.epsilons.size(), batch_.images);
    }
    proposals.seconds = watch.seconds();
    return proposals_[key] = std::move(proposals);
  }

  const SweepPlan& plan_;
  std::shared_ptr<Model> model_;
  size_t model_index_;
  Batch batch_;
  int64_t examples_;
  std::map<const Defense*, CleanPass> clean_;
  std::map<std::tuple<const Attack*, const Defense*, Judge>, Proposals> proposals_;
};

/// Joins the parts that batches saved for the same model, run and budget.
void join_examples(std::vector<SavedExamples>& all, std::vector<SavedExamples> part) {
  for (auto& p : part) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const SavedExamples& a) {
      return a.model == p.model && a.run == p.run && a.epsilon == p.epsilon;
    });
    if (same == all.end()) {
      all.push_back(std::move(p));
    } else {
      same->images = at::cat({same->images, p.images});
      same->hits = at::cat({same->hits, p.hits});
    }
  }
}

/// The tallies of a journal's entry; none if it does not have the form that this sweep writes.
std::vector<RunTally> read_part(const Json* entry, const SweepPlan& plan, const ModelCard& card, int64_t images) {
  std::vector<RunTally> part;
  if (entry == nullptr || !entry->is_array() || entry->size() != plan.runs.size()) return {};
  try {
    for (const auto& run : *entry) part.push_back(RunTally::from_json(run));
  } catch (const Json::exception&) {
    return {};
  }
  const auto classes = static_cast<size_t>(card.classes), layers = card.gated.size();
  const bool whole = std::all_of(part.begin(), part.end(), [&](const RunTally& run) {
    return run.cells.size() == plan.epsilons.size() && run.clean.accuracy.trials() == images &&
           run.clean.has_size(classes, layers) &&
           std::all_of(run.cells.begin(), run.cells.end(),
                       [&](const CellTally& cell) { return cell.pass.has_size(classes, layers); });
  });
  return whole ? part : std::vector<RunTally>{};
}

}  // namespace

const char* access_name(Access access) { return access == Access::white_box ? "white-box" : "grey-box"; }

Access parse_access(const std::string& name) {
  if (name == "white-box") return Access::white_box;
  if (name == "grey-box") return Access::grey_box;
  throw InputError(unknown_name("access", name, {"white-box", "grey-box"}));
}

std::vector<Run> plan_runs(const std::vector<std::shared_ptr<const Attack>>& attacks,
                           const std::vector<std::shared_ptr<const Defense>>& defenses,
                           const std::vector<Access>& accesses) {
  std::vector<Run> runs;
  for (const auto& attack : attacks) {
    for (const auto& defense : defenses) {
      for (const Access access : accesses) {
        // Without a defense, or without an attack, there is nothing that access could change.
        const Access effective = defense && attack ? access : Access::white_box;
        const bool repeated = std::any_of(runs.begin(), runs.end(), [&](const Run& r) {
          return r.attack == attack && r.defense == defense && r.access == effective;
        });
        if (!repeated) runs.push_back({attack, defense, effective});
      }
    }
  }
  return runs;
}

bool is_nested(const SweepPlan& plan, const Run& run, const ModelCard& card) {
  return plan.nested && run.attack && !card.has_random_gates;
}

SweepResult run_sweep(const SweepPlan& plan, Journal& journal) {
  const int64_t batches = (plan.data.size() + plan.batch - 1) / plan.batch;
  SweepResult result;
  Progress progress("sweep", plan.data.size() * static_cast<int64_t>(plan.models.size()), "images");
  std::mutex guard;  // of journal and progress
  for (size_t m = 0; m < plan.models.size(); ++m) {
    std::vector<std::vector<RunTally>> parts(static_cast<size_t>(batches));
    std::vector<std::vector<SavedExamples>> saved(static_cast<size_t>(batches));
    run_in_parallel(batches, plan.workers, [&](int64_t b) {
      check_stop();
      const int64_t begin = b * plan.batch, count = std::min(plan.batch, plan.data.size() - begin);
      const int64_t examples = std::clamp<int64_t>(plan.examples - begin, 0, plan.batch);
      const std::string key = fmt::format("model {} batch {}", m, b);
      std::vector<RunTally>& part = parts[static_cast<size_t>(b)];
      part = read_part(journal.find(key), plan, plan.models[m]->card(), count);
      if (part.empty() || examples > 0) {  // saved images are not in the journal: they are made again
        const bool known = !part.empty();
        part = BatchEvaluation(plan, plan.models[m], m, take(plan.data, begin, plan.batch, plan.device), examples)
                   .evaluate(saved[static_cast<size_t>(b)]);
        Json entry = Json::array();
        for (const auto& run : part) entry.push_back(run.to_json());
        const std::scoped_lock lock(guard);
        if (!known) journal.add(key, entry);
      }
      const std::scoped_lock lock(guard);
      progress.advance(count, fmt::format("model {}/{}", m + 1, plan.models.size()));
    });
    // In the order of the data set, so that sums round the same way every time.
    std::vector<RunTally>& tallies = result.tallies.emplace_back(plan.runs.size());
    for (size_t b = 0; b < parts.size(); ++b) {
      for (size_t r = 0; r < parts[b].size(); ++r) tallies[r].merge(parts[b][r]);
      join_examples(result.examples, std::move(saved[b]));
    }
  }
  return result;
}

}  // namespace aigis
