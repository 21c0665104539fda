// A claim of robustness, and what checks need to doubt it: this model, behind this defense, withstands what the
// sweep's attacks could do to it within a budget.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "checks/challenge.h"
#include "lib/eval/finding.h"
#include "lib/eval/sweep.h"

namespace aigis {

/// Images that full checks attack: at most 128, and fewer where they would cost more than a fifth of a PGD-10 run over
/// all of the sweep's images and more than what such a device multiplies in a minute; none where that is not enough for
/// the seven that can tell. `gradients` are those that all checks take for an image, about.
int64_t sample_size(int64_t images, const ModelCard& card, double gradients, const at::Device& device);
inline constexpr int64_t kMostSampled = 128;

/// A pass without a gradient, in gradients.
inline constexpr double kForward = 1.0 / 3;

class Claim {
 public:
  /// `runs` of the plan: all with this defense.
  Claim(const SweepPlan& plan, const std::vector<RunTally>& tallies, size_t model, std::vector<size_t> runs);

  const SweepPlan& plan() const { return plan_; }
  const std::vector<RunTally>& tallies() const { return tallies_; }
  const std::shared_ptr<Model>& bare() const { return plan_.models[model_]; }
  const std::shared_ptr<const Defense>& defense() const { return plan_.runs[runs_.front()].defense; }
  /// The model behind the defense.
  std::shared_ptr<Model> target() const { return defended(bare(), defense()); }
  const std::vector<size_t>& runs() const { return runs_; }
  size_t model() const { return model_; }

  /// Runs of attacks that want a wrong answer; without any nothing is claimed.
  const std::vector<size_t>& attacks() const { return attacks_; }
  /// Whether there is a budget above 0 at which attacks were tried.
  bool is_made() const { return !attacks_.empty() && epsilon_ < plan_.epsilons.size(); }
  /// The largest budget at which enough images of the sample stand to see a difference; else the smallest above 0.
  size_t epsilon() const { return epsilon_; }
  /// The attack on the answer that left the fewest images within that budget.
  const Run& strongest() const { return plan_.runs[strongest_]; }
  /// Which of these runs left the fewest images within a budget; there is at least one.
  size_t with_fewest_right(const std::vector<size_t>& runs, size_t epsilon) const;

  /// What full checks attack: images of the sweep at equal distances, as many as sample_size() says; what nobody could
  /// try is undecided.
  const Dataset& sample() const { return sample_; }
  /// So many of the sweep's images at equal distances, on its device, in batches no larger than its.
  std::vector<Batch> spread(int64_t images) const;
  /// Whether gates decide by the image. Others, such as those that are always open, have no gradient to lose.
  bool gates_decide() const;

  /// An attack whose gradients average over as many draws as the strongest heeds, if it can: with fewer it could lose
  /// to that one by the noise of its gradients alone.
  std::shared_ptr<const Attack> challenger(const std::string& attack) const;
  /// An attack of which other losses can be tried: the strongest, or where it takes none (AutoAttack goes through
  /// several, C&W has its own) PGD of as many steps, though 20 at least and 1000 at most, and as many restarts.
  std::shared_ptr<const Attack> with_losses() const;
  /// Lets an attack try on the sample, or on `images` of it; on another model than the claim's where one is given,
  /// and judged by it. Without epsilon: within the claim's budget.
  Challenge challenge(const std::shared_ptr<const Attack>& attack, const Access& access,
                      std::shared_ptr<Model> model = nullptr, std::optional<double> epsilon = {},
                      int64_t images = kMostSampled) const;

  /// What the attack that is the strongest through the defense left of the sample without it; null where the sweep has
  /// no such run.
  std::optional<Challenge> without_defense() const;

  /// The finding, undecided, for want of a sample.
  Finding not_made(Finding finding) const;
  /// A finding, undecided, on the attacks' runs, for want of an attack to make the check with; `why` is its sentence.
  Finding without_attack(const std::string& check, const std::string& why) const;
  /// A finding on all runs of the claim.
  Finding about_model(const std::string& check) const;
  /// A finding on the attacks' runs within the claim's budget, and on the worst cases that hold them.
  Finding about_budget(const std::string& check) const { return about_budget(check, attacks_); }
  /// The same on the runs of some of the attacks.
  Finding about_budget(const std::string& check, const std::vector<size_t>& attacks) const;
  /// Raised if one of the challenges broke more images of the sample than another one, or than the sweep's attacks, by
  /// more than chance, and more than the best of as many would (Bonferroni). It tells of the clearest of them; `advice`
  /// ends the sentence.
  Finding beaten(const std::string& check, const std::vector<Challenge>& challenges, const std::string& advice) const {
    return beaten(check, worst_, challenges, advice);
  }
  Finding beaten(const std::string& check, const Challenge& reference, const std::vector<Challenge>& challenges,
                 const std::string& advice) const;
  /// The same with one challenger(), white-box; null if the claim is not made.
  std::optional<Finding> beaten_by(const std::string& check, const std::string& attack,
                                   const std::string& advice) const;
  /// Whether an attack knows the norm and takes the model.
  bool allows(const Attack& attack) const;

  /// Gradients that a challenger() averages over on a model.
  double draws_on(const Model& model) const;
  /// Gradients that the strongest attack takes for an image within the claim's budget, about.
  double gradients_each() const;

 private:
  /// The numbers of a run's images that are in the sample.
  std::vector<int64_t> sampled(const std::vector<int64_t>& hits) const;
  /// Of each image of the sample the least over the attacks. Of random gates that would be the luckiest draws, too low
  /// for any challenge: there those of the worst case that the sweep judged anew, or of its strongest attack.
  std::vector<int64_t> worst_hits(size_t epsilon) const;
  /// Gradients that all checks take for an image, about.
  double cost_of_checks() const;
  void take_sample();

  const SweepPlan& plan_;
  const std::vector<RunTally>& tallies_;
  size_t model_, epsilon_, strongest_ = 0;
  std::vector<size_t> runs_, attacks_;
  std::vector<int64_t> positions_;
  Dataset sample_;
  Challenge worst_;  ///< the sweep's attacks, the worst of them for each image
};

}  // namespace aigis
