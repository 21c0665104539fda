// Every model x attack x defense x access x epsilon, over one data set.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/eval/attack.h"
#include "lib/eval/defense.h"
#include "lib/eval/journal.h"
#include "lib/eval/tally.h"

namespace aigis {

/// What the attack is given.
struct Access {
  std::string name = "white-box";    ///< "white-box": the defended model; "grey-box": the bare one; "transfer:MODEL"
  std::shared_ptr<Model> surrogate;  ///< the other model that a transferred attack sees; else null

  bool sees_defense() const { return name == "white-box"; }
};
/// Reads a name; `load` gives the model of "transfer:MODEL". Throws InputError for an unknown one.
Access parse_access(const std::string& name, const std::function<std::shared_ptr<Model>(const std::string&)>& load);

/// One line of a report, over all budgets. Without a defense grey-box is white-box.
struct Run {
  std::shared_ptr<const Attack> attack;    ///< null: no attack, or the worst case
  std::shared_ptr<const Defense> defense;  ///< null: no defense
  Access access;
  std::vector<size_t> worst_of = {};  ///< runs before it of which it takes the worst for each image; else empty

  bool is_worst_case() const { return !worst_of.empty(); }
};

struct SweepPlan {
  std::vector<std::shared_ptr<Model>> models;
  std::vector<Run> runs;  ///< made by plan_runs()
  std::vector<double> epsilons;
  Norm norm = Norm::linf;
  Dataset data;
  Dataset training;  ///< of which attacks learn that have something to learn; else empty
  int64_t batch = 100;
  int64_t workers = 1;  ///< threads that evaluate batches side by side
  uint64_t seed = 0;
  /// An image that is broken within one budget counts as broken within all larger ones, in which its example lies: so
  /// it is not attacked again, and accuracy falls with the budget. Only where the judge is deterministic: is_nested().
  bool nested = false;
  bool gate_swap = false;  ///< gated models also judge clean and adversarial images along each other's gates
  at::Device device = at::kCPU;
  std::string title = "sweep";  ///< of its progress; empty: none is shown
  int64_t examples = 0;         ///< adversarial images to keep for each model, attack and budget: the first of the set
};

/// Adversarial images kept for a later check, with what the verdict said of them.
struct SavedExamples {
  size_t model = 0, run = 0, epsilon = 0;
  at::Tensor images;  ///< [n, C, H, W] float32, as admitted
  at::Tensor hits;    ///< [n] int64
};

/// Whether a run against a model is nested as the plan wishes.
bool is_nested(const SweepPlan& plan, const Run& run, const ModelCard& card);

struct SweepResult {
  std::vector<std::vector<RunTally>> tallies;  ///< [model][run]
  std::vector<SavedExamples> examples;
};

/// All combinations; a run that would repeat another is left out. With `worst_case`, behind them the worst case over
/// all attacks for each defense and access that has several.
std::vector<Run> plan_runs(const std::vector<std::shared_ptr<const Attack>>& attacks,
                           const std::vector<std::shared_ptr<const Defense>>& defenses,
                           const std::vector<Access>& accesses, bool worst_case);
/// What attacks are called within the worst case of them: their names, "pgd (2)" for the second of a name.
std::vector<std::string> worst_case_labels(const std::vector<Run>& runs, const Run& worst);

/// The plan's runs against a model, with attacks that have learnt what they need.
std::vector<Run> learnt_runs(const SweepPlan& plan, const std::shared_ptr<Model>& model);

/// [N] classes that a run's attack on a bare model wants its images to be taken for; undefined without a target.
at::Tensor wanted_classes(const Run& run, const std::shared_ptr<Model>& model, const Batch& batch, uint64_t seed);

/// Runs the plan batch by batch, several at once. What the journal holds is not done again; what is done goes into it,
/// so that a run that was killed goes on where it was and ends with the same result. Throws Interrupted on Ctrl-C.
SweepResult run_sweep(const SweepPlan& plan, Journal& journal);

}  // namespace aigis
