// One batch of a sweep against one model: run by run, each with all budgets.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "lib/eval/batch_parts.h"
#include "lib/eval/measure.h"
#include "lib/eval/proposals.h"

namespace aigis {

class BatchEvaluation {
 public:
  /// `runs`: those of the plan, with attacks that have learnt what they need.
  BatchEvaluation(const SweepPlan& plan, const std::vector<Run>& runs, const std::shared_ptr<Model>& model,
                  const Batch& batch, Transferred& transferred)
      : plan_(plan), runs_(runs), model_(model), batch_(batch), proposals_(plan, runs, model, batch, transferred) {}

  /// One run. `done` are the parts of the batch that are known; of a worst case all that it is of.
  RunPart evaluate(size_t r, const BatchParts& done);

 private:
  /// The clean images through a defense, as the run is judged: once, whatever the number of attacks and budgets.
  const CleanPass& clean_pass(Model& target, const Run& run);

  const SweepPlan& plan_;
  const std::vector<Run>& runs_;
  std::shared_ptr<Model> model_;
  Batch batch_;
  std::map<std::pair<const Defense*, Purpose>, CleanPass> clean_;
  Proposals proposals_;
};

}  // namespace aigis
