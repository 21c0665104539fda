#include "lib/eval/sweep.h"

#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>

#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/core/workers.h"
#include "lib/eval/batch_evaluation.h"

namespace aigis {
namespace {

/// The plan's runs against a model, with attacks that have learnt what they need.
std::vector<Run> learnt_runs(const SweepPlan& plan, const std::shared_ptr<Model>& model) {
  std::vector<Run> runs = plan.runs;
  std::map<std::tuple<const Attack*, const Model*, const Defense*>, std::shared_ptr<const Attack>> known;
  for (Run& run : runs) {
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
           std::all_of(run.cells.begin(), run.cells.end(), [&](const CellTally& cell) {
             return cell.pass.has_size(classes, layers) && cell.hits.size() == static_cast<size_t>(images);
           });
  });
  return whole ? part : std::vector<RunTally>{};
}

/// Of a batch in the journal.
std::string key_of(size_t model, int64_t batch) { return fmt::format("model {} batch {}", model, batch); }

}  // namespace

bool is_nested(const SweepPlan& plan, const Run& run, const ModelCard& card) {
  return plan.nested && run.attack && run.attack->wants_any_answer() && !card.has_random_gates;
}

SweepResult run_sweep(const SweepPlan& plan, Journal& journal) {
  const int64_t batches = (plan.data.size() + plan.batch - 1) / plan.batch;
  SweepResult result;
  std::optional<Progress> progress;
  if (!plan.title.empty()) {
    progress.emplace(plan.title, plan.data.size() * static_cast<int64_t>(plan.models.size()), "images");
  }
  std::mutex guard;  // of journal and progress
  for (size_t m = 0; m < plan.models.size(); ++m) {
    const auto size_of = [&](int64_t b) { return std::min(plan.batch, plan.data.size() - b * plan.batch); };
    std::vector<std::vector<RunTally>> parts(static_cast<size_t>(batches));
    for (int64_t b = 0; b < batches; ++b) {
      const Json* entry = journal.find(key_of(m, b));
      parts[static_cast<size_t>(b)] = read_part(entry, plan, plan.models[m]->card(), size_of(b));
    }
    // What is left to do may be nothing, and learning takes minutes.
    const bool done =
        plan.examples == 0 && std::none_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); });
    const std::vector<Run> runs = done ? plan.runs : learnt_runs(plan, plan.models[m]);
    std::vector<std::vector<SavedExamples>> saved(static_cast<size_t>(batches));
    run_in_parallel(batches, plan.workers, [&](int64_t b) {
      check_stop();
      const int64_t begin = b * plan.batch;
      const int64_t examples = std::clamp<int64_t>(plan.examples - begin, 0, plan.batch);
      std::vector<RunTally>& part = parts[static_cast<size_t>(b)];
      if (part.empty() || examples > 0) {  // saved images are not in the journal: they are made again
        const bool known = !part.empty();
        part = BatchEvaluation(plan, runs, plan.models[m], m, take(plan.data, begin, plan.batch, plan.device), examples)
                   .evaluate(saved[static_cast<size_t>(b)]);
        Json entry = Json::array();
        for (const auto& run : part) entry.push_back(run.to_json());
        const std::scoped_lock lock(guard);
        if (!known) journal.add(key_of(m, b), entry);
      }
      const std::scoped_lock lock(guard);
      if (progress) progress->advance(size_of(b), fmt::format("model {}/{}", m + 1, plan.models.size()));
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
