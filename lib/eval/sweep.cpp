#include "lib/eval/sweep.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <tuple>

#include "lib/core/error.h"
#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/core/text.h"
#include "lib/core/workers.h"
#include "lib/eval/measure.h"
#include "lib/eval/witness.h"

namespace aigis {
namespace {

/// What an attack sees of a run, and whether that is what judges it.
struct View {
  std::shared_ptr<const Defense> defense;
  std::shared_ptr<Model> model;
  Judge judge;
};
View view_of(const Run& run, const std::shared_ptr<Model>& model) {
  if (run.access.surrogate) return {nullptr, run.access.surrogate, Judge::another};
  const auto seen = run.access.sees_defense() ? run.defense : nullptr;
  const bool stops = run.attack && run.attack->heeds_judge() && seen == run.defense;
  return {seen, defended(model, seen), stops ? Judge::this_model : Judge::another};
}

/// Whether what the attack is told is what the verdict will be.
bool sees_the_judge(const Run& run, const ModelCard& card) {
  const bool same = !run.access.surrogate && (!run.defense || run.access.sees_defense());
  return run.attack && same && run.attack->wants_answer() && !card.has_random_gates;
}

/// One batch against one model: all runs, all budgets.
class BatchEvaluation {
 public:
  /// `runs`: those of the plan, with attacks that have learnt from this model.
  BatchEvaluation(const SweepPlan& plan, const std::vector<Run>& runs, std::shared_ptr<Model> model, size_t model_index,
                  Batch batch, int64_t examples)
      : plan_(plan), runs_(runs), model_(std::move(model)), model_index_(model_index), batch_(std::move(batch)),
        examples_(examples) {}

  std::vector<RunTally> evaluate(std::vector<SavedExamples>& saved) {
    std::vector<RunTally> tallies;
    results_.resize(runs_.size());
    for (size_t r = 0; r < runs_.size(); ++r) tallies.push_back(evaluate_run(r, saved));
    return tallies;
  }

 private:
  /// What an attack makes of the batch within one budget, and the work that it alone needs.
  struct Proposal {
    at::Tensor images;
    at::Tensor met;  ///< [N] bool, images broken on the way (witness.h); undefined if nobody looked
    AttackAudit audit;
    double seconds = 0;
  };

  /// What the worst case needs of a run at one budget.
  struct Result {
    at::Tensor images, hits;
    AttackAudit audit;
    double seconds;
  };

  RunTally evaluate_run(size_t r, std::vector<SavedExamples>& saved) {
    const Run& run = runs_[r];
    const std::shared_ptr<Model> target = defended(model_, run.defense);
    const CleanPass& clean = clean_pass(*target, run);
    const at::Tensor wanted = wanted_classes(run, model_, batch_, plan_.seed);
    const bool nested = is_nested(plan_, run, model_->card());
    const std::vector<Proposal>* all = nested || run.is_worst_case() ? nullptr : &propose(run);
    RunTally tally;
    tally.clean = clean.tally;
    tally.clean_hits = listed(clean.judgement.hits);
    tally.redraw_flipped = clean.redraw_flipped;
    Proposal proposal{batch_.images, {}, {}, 0};
    at::Tensor unbroken = wanted.defined() ? at::ones_like(clean.judgement.hits) : clean.judgement.hits;
    for (size_t e = 0; e < plan_.epsilons.size(); ++e) {
      check_stop();
      if (run.is_worst_case()) proposal = worst_case(run, e);
      else if (nested) attack_again(run, unbroken, plan_.epsilons[e], proposal);
      else proposal = (*all)[e];
      const Stopwatch watch;
      Cell cell = measure_cell(*target, batch_, clean, proposal.images, wanted, plan_.norm, plan_.epsilons[e],
                               plan_.seed, plan_.gate_swap);
      cell.tally.audit = proposal.audit;
      cell.tally.seconds = proposal.seconds + watch.seconds();
      proposal.images = cell.images;
      unbroken = cell.wins.eq(0);
      if (proposal.met.defined() && sees_the_judge(run, model_->card())) {
        cell.tally.lost = proposal.met.logical_and(unbroken).sum().item<int64_t>();
      }
      tally.cells.push_back(cell.tally);
      if (runs_.back().is_worst_case())
        results_[r].push_back({cell.images, cell.hits, cell.tally.audit, cell.tally.seconds});
      if (examples_ > 0) {
        saved.push_back({model_index_, r, e, cell.images.slice(0, 0, examples_).to(at::kCPU, at::kFloat).contiguous(),
                         cell.hits.slice(0, 0, examples_).clone()});
      }
    }
    return tally;
  }

  /// For each image the result of the run in which the fewest draws were right, the first of them; and who broke how
  /// many that none before had broken.
  Proposal worst_case(const Run& worst, size_t e) const {
    const std::vector<std::string> labels = worst_case_labels(runs_, worst);
    Proposal proposal;
    at::Tensor hits;
    for (size_t i = 0; i < worst.worst_of.size(); ++i) {
      const Result& result = results_[worst.worst_of[i]][e];
      const at::Tensor stood = hits.defined() ? hits.gt(0) : at::ones_like(result.hits).gt(0);
      const at::Tensor better = hits.defined() ? result.hits.lt(hits) : stood;
      const at::Tensor there = per_image(better.to(result.images.device()), result.images);
      proposal.images = hits.defined() ? at::where(there, result.images, proposal.images) : result.images;
      hits = hits.defined() ? at::where(better, result.hits, hits) : result.hits;
      AttackAudit audit = result.audit;
      audit.broken_after.clear();
      audit.stages = {
          {labels[i], stood.sum().item<int64_t>(), stood.logical_and(result.hits.eq(0)).sum().item<int64_t>()}};
      proposal.audit.merge(audit);
      proposal.seconds += result.seconds;
    }
    return proposal;
  }

  /// Replaces the images of a smaller budget that are not broken yet by what the attack makes of the clean ones within
  /// a larger budget, and adds to the work.
  void attack_again(const Run& run, const at::Tensor& unbroken, double epsilon, Proposal& proposal) const {
    const Stopwatch watch;
    const at::Tensor rows = unbroken.gt(0).nonzero().squeeze(1);
    if (rows.size(0) == 0) return;
    const at::Tensor there = rows.to(plan_.device);
    const Batch some{batch_.images.index_select(0, there), batch_.labels.index_select(0, there),
                     batch_.ids.index_select(0, rows)};
    const View view = view_of(run, model_);
    const at::Tensor wanted = wanted_classes(run, model_, some, plan_.seed);
    Witness witness(*view.model, some, wanted, plan_.norm, epsilon);
    Victim victim(witness, plan_.seed, view.judge);
    const at::Tensor found = run.attack->propose(victim, some, plan_.norm, {epsilon})[0];
    proposal.images = proposal.images.index_copy(0, there, found);
    proposal.met = at::zeros({batch_.ids.size(0)}, at::kBool).index_copy(0, rows, witness.met());
    proposal.audit.merge(victim.audit());
    proposal.seconds += watch.seconds();
  }

  /// The clean images through a defense: once, whatever the number of attacks and budgets.
  const CleanPass& clean_pass(Model& target, const Run& run) {
    const auto found = clean_.find(run.defense.get());
    if (found != clean_.end()) return found->second;
    return clean_[run.defense.get()] = measure_clean(target, batch_, plan_.seed);
  }

  /// The attack on what it may see, within each budget: once for each pair of attack and seen model, unless the judge
  /// makes a difference.
  const std::vector<Proposal>& propose(const Run& run) {
    const View view = view_of(run, model_);
    const auto key = std::tuple(run.attack.get(), run.access.surrogate.get(), view.defense.get(), view.judge);
    const auto found = proposals_.find(key);
    if (found != proposals_.end()) return found->second;
    return proposals_[key] = run.attack ? attacked(*run.attack, view, wanted_classes(run, model_, batch_, plan_.seed))
                                        : std::vector<Proposal>(plan_.epsilons.size(), {batch_.images, {}, {}, 0});
  }

  std::vector<Proposal> attacked(const Attack& attack, const View& view, const at::Tensor& wanted) const {
    std::vector<Proposal> proposals;
    const at::ArrayRef<double> epsilons(plan_.epsilons);
    // One by one, so that each budget's work is known, unless it is the same work.
    const size_t together = attack.shares_budgets() ? epsilons.size() : 1;
    for (size_t e = 0; e < epsilons.size(); e += together) {
      check_stop();
      const Stopwatch watch;
      Witness witness(*view.model, batch_, wanted, plan_.norm, epsilons[e]);
      Victim victim(witness, plan_.seed, view.judge);
      for (auto& images : attack.propose(victim, batch_, plan_.norm, epsilons.slice(e, together))) {
        proposals.push_back(
            {std::move(images), together > 1 ? at::Tensor() : witness.met(), victim.audit(), watch.seconds()});
      }
    }
    return proposals;
  }

  const SweepPlan& plan_;
  const std::vector<Run>& runs_;
  std::shared_ptr<Model> model_;
  size_t model_index_;
  Batch batch_;
  int64_t examples_;
  std::vector<std::vector<Result>> results_;  ///< [run][epsilon]
  std::map<const Defense*, CleanPass> clean_;
  std::map<std::tuple<const Attack*, const Model*, const Defense*, Judge>, std::vector<Proposal>> proposals_;
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
           std::all_of(run.cells.begin(), run.cells.end(), [&](const CellTally& cell) {
             return cell.pass.has_size(classes, layers) && cell.hits.size() == static_cast<size_t>(images);
           });
  });
  return whole ? part : std::vector<RunTally>{};
}

}  // namespace

Access parse_access(const std::string& name, const std::function<std::shared_ptr<Model>(const std::string&)>& load) {
  const std::string transfer = "transfer:";
  if (name.starts_with(transfer) && name.size() > transfer.size()) return {name, load(name.substr(transfer.size()))};
  if (name == "white-box" || name == "grey-box") return {name, nullptr};
  throw InputError(unknown_name("access", name, {"white-box", "grey-box", "transfer:MODEL"}));
}

std::vector<Run> plan_runs(const std::vector<std::shared_ptr<const Attack>>& attacks,
                           const std::vector<std::shared_ptr<const Defense>>& defenses,
                           const std::vector<Access>& accesses, bool worst_case) {
  std::vector<Run> runs;
  for (const auto& attack : attacks) {
    for (const auto& defense : defenses) {
      for (const Access& access : accesses) {
        // Without a defense, or without an attack, there is nothing that seeing it could change.
        const bool matters = attack && (defense || access.surrogate);
        const Access effective = matters ? access : Access{};
        const bool repeated = std::any_of(runs.begin(), runs.end(), [&](const Run& r) {
          return r.attack == attack && r.defense == defense && r.access.name == effective.name;
        });
        if (!repeated) runs.push_back({attack, defense, effective});
      }
    }
  }
  if (!worst_case) return runs;
  std::vector<Run> worst;
  for (size_t r = 0; r < runs.size(); ++r) {
    if (!runs[r].attack) continue;
    const auto same = std::find_if(worst.begin(), worst.end(), [&](const Run& w) {
      return w.defense == runs[r].defense && w.access.name == runs[r].access.name;
    });
    if (same == worst.end()) worst.push_back({nullptr, runs[r].defense, runs[r].access, {r}});
    else same->worst_of.push_back(r);
  }
  for (Run& run : worst) {
    if (run.worst_of.size() > 1) runs.push_back(std::move(run));
  }
  return runs;
}

std::vector<std::string> worst_case_labels(const std::vector<Run>& runs, const Run& worst) {
  std::vector<std::string> labels;
  std::map<std::string, int> seen;
  for (const size_t r : worst.worst_of) {
    const std::string name = runs[r].attack->name();
    const int times = ++seen[name];
    labels.push_back(times == 1 ? name : fmt::format("{} ({})", name, times));
  }
  return labels;
}

bool is_nested(const SweepPlan& plan, const Run& run, const ModelCard& card) {
  return plan.nested && run.attack && run.attack->wants_answer() && !card.has_random_gates;
}

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

at::Tensor wanted_classes(const Run& run, const std::shared_ptr<Model>& model, const Batch& batch, uint64_t seed) {
  if (!run.attack) return {};
  const View view = view_of(run, model);
  Victim victim(*view.model, seed, view.judge);
  return run.attack->targets(victim, batch);
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
    const std::vector<Run> runs = learnt_runs(plan, plan.models[m]);
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
        part = BatchEvaluation(plan, runs, plan.models[m], m, take(plan.data, begin, plan.batch, plan.device), examples)
                   .evaluate(saved[static_cast<size_t>(b)]);
        Json entry = Json::array();
        for (const auto& run : part) entry.push_back(run.to_json());
        const std::scoped_lock lock(guard);
        if (!known) journal.add(key, entry);
      }
      const std::scoped_lock lock(guard);
      if (progress) progress->advance(count, fmt::format("model {}/{}", m + 1, plan.models.size()));
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
