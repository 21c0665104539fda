// What the runs' attacks make of one batch against one model: once for all runs that are judged on the same images;
// what is made against other models once for all that judge it.
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

/// What runs are judged on the same proposals: an attack, the other model that it sees (null for the judge), a defense
/// that it sees, and whether it knows its judge.
using ProposalKey = std::tuple<const Attack*, const Model*, const Defense*, Judge>;

/// What attacks on another model make of a batch, which is the same whichever model judges it: on the CPU, for of many
/// attacks it would fill a GPU.
using Transferred = std::map<ProposalKey, std::vector<Proposal>>;

class Proposals {
 public:
  /// `runs`: those of the plan, with attacks that have learnt what they need. `transferred`: of the same batch.
  Proposals(const SweepPlan& plan, const std::vector<Run>& runs, std::shared_ptr<Model> model, Batch batch,
            Transferred& transferred)
      : plan_(plan), runs_(runs), model_(std::move(model)), batch_(std::move(batch)), transferred_(transferred) {}

  /// The attack on what it may see, within each budget: once for each pair of attack and seen model, unless the judge
  /// makes a difference. `wanted` are the classes that it aims at, [N]; undefined without a target.
  const std::vector<Proposal>& propose(const Run& run, const CleanPass& clean, const at::Tensor& wanted);

  /// What the attack makes within a larger budget of the images that are worth another try; adds to the work. Attacks
  /// with a target are never nested. `knowing` is the attack once it is prepared, which is done, and charged, where it
  /// is null.
  void attack_again(const Run& run, const Fallen& smaller, size_t e, std::shared_ptr<const Attack>& knowing,
                    Proposal& proposal) const;

  /// Lets go of a run's proposals, unless a later one needs them: for all runs they would fill a GPU.
  void forget(size_t r, const BatchParts& done);

 private:
  static ProposalKey key_of(const Run& run, const View& view);

  /// What the attack makes of the clean images at `rows`; all others are as in `images`. `wanted` are the whole
  /// batch's, `knowing` as of attack_again().
  std::vector<Proposal> attacked(const Run& run, const View& view, const at::Tensor& rows, const at::Tensor& wanted,
                                 at::ArrayRef<double> epsilons, const at::Tensor& images,
                                 std::shared_ptr<const Attack>& knowing) const;

  const SweepPlan& plan_;
  const std::vector<Run>& runs_;
  std::shared_ptr<Model> model_;
  Batch batch_;
  std::map<ProposalKey, std::vector<Proposal>> made_;
  Transferred& transferred_;
};

}  // namespace aigis
