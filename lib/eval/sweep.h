// Every model x attack x defense x access x epsilon, over one data set.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/eval/journal.h"
#include "lib/eval/runs.h"
#include "lib/eval/tally.h"

namespace aigis {

struct SweepPlan {
  std::vector<std::shared_ptr<Model>> models;
  std::vector<std::string> names;  ///< of the models, as reports have them
  std::vector<Run> runs;           ///< made by plan_runs()
  std::vector<double> epsilons;
  Norm norm = Norm::linf;
  Dataset data;
  Dataset training;  ///< of which attacks learn that have something to learn; else empty
  int64_t batch = 100;
  int64_t workers = 1;  ///< threads that evaluate batches side by side
  uint64_t seed = 0;
  /// An image that is broken within one budget counts as broken within all larger ones, in which its example lies: so
  /// it is not attacked again, and accuracy falls with the budget. Only where any wrong answer will do (an image may be
  /// wrong on its way to a target, and right again beyond) and the judge is deterministic: is_nested().
  bool nested = false;
  bool gate_swap = false;  ///< gated models also judge clean and adversarial images along each other's gates
  bool latency = false;    ///< gated models' passes over clean and adversarial images are timed, in turns
  at::Device device = at::kCPU;
  std::string title = "sweep";  ///< of its progress; empty: none is shown
  int64_t examples = 0;         ///< adversarial images to keep for each model, attack and budget: the first of the set
  at::ScalarType examples_as = at::kFloat;  ///< or uint8: rounded to 8 bits, as quantized() does
};

/// Adversarial images kept for a later check, with what the verdict said of them in the form in which they are kept.
struct SavedExamples {
  size_t model = 0, run = 0, epsilon = 0;
  at::Tensor images;   ///< [n, C, H, W], as admitted, or of these the 8-bit ones
  at::Tensor hits;     ///< [n] int64
  at::Tensor margins;  ///< [n] float32, as Judgement::margins
};

/// Whether a run against a model is nested as the plan wishes.
bool is_nested(const SweepPlan& plan, const Run& run, const ModelCard& card);

struct SweepResult {
  std::vector<std::vector<RunTally>> tallies;  ///< [model][run]
  std::vector<SavedExamples> examples;
};

/// Runs the plan model by model and batch by batch, several batches at once; last what transfers from other models,
/// which is made once for all that judge it, unless budgets are nested. What the journal holds is not done again; each
/// run of a batch goes into it once it is done, so that a sweep that was killed goes on where it was and ends with the
/// same result. Throws Interrupted on Ctrl-C.
SweepResult run_sweep(const SweepPlan& plan, Journal& journal);

}  // namespace aigis
