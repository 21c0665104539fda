// One batch of a sweep against one model: run by run, each with all budgets.
#pragma once

#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "lib/eval/batch_parts.h"
#include "lib/eval/measure.h"
#include "lib/eval/nested.h"
#include "lib/eval/proposal.h"

namespace aigis {

class BatchEvaluation {
 public:
  /// `runs`: those of the plan, with attacks that have learnt from this model.
  BatchEvaluation(const SweepPlan& plan, const std::vector<Run>& runs, std::shared_ptr<Model> model, Batch batch)
      : plan_(plan), runs_(runs), model_(std::move(model)), batch_(std::move(batch)) {}

  /// One run. `done` are the parts of the batch that are known; of a worst case all that it is of.
  RunPart evaluate(size_t r, const BatchParts& done);

 private:
  /// What the attack makes within a larger budget of the images that are worth another try; adds to the work. Attacks
  /// with a target are never nested. `knowing` as of attacked().
  void attack_again(const Run& run, const Fallen& smaller, size_t e, std::shared_ptr<const Attack>& knowing,
                    Proposal& proposal) const;

  /// The clean images through a defense, as the run is judged: once, whatever the number of attacks and budgets.
  const CleanPass& clean_pass(Model& target, const Run& run);

  /// Runs of one key are judged on the same proposals.
  using Key = std::tuple<const Attack*, const Model*, const Defense*, Judge>;
  Key key_of(const Run& run) const;

  /// The attack on what it may see, within each budget: once for each pair of attack and seen model, unless the judge
  /// makes a difference.
  const std::vector<Proposal>& propose(const Run& run, const CleanPass& clean, const at::Tensor& wanted);

  /// Lets go of a run's proposals, unless a later one needs them: for all runs they would fill a GPU.
  void forget_proposals(size_t r, const BatchParts& done);

  /// What the attack makes of the clean images at `rows`; all others are as in `images`. `wanted` are the whole
  /// batch's. `knowing` is the attack once it is prepared, which is done, and charged, where it is null.
  std::vector<Proposal> attacked(const Run& run, const at::Tensor& rows, const at::Tensor& wanted,
                                 at::ArrayRef<double> epsilons, const at::Tensor& images,
                                 std::shared_ptr<const Attack>& knowing) const;

  const SweepPlan& plan_;
  const std::vector<Run>& runs_;
  std::shared_ptr<Model> model_;
  Batch batch_;
  std::map<std::pair<const Defense*, Purpose>, CleanPass> clean_;
  std::map<Key, std::vector<Proposal>> proposals_;
};

}  // namespace aigis
