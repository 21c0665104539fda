// SPSA: gradients estimated from pairs of answers along random signs, followed by Adam (Uesato et al., ICML 2018,
// section 3.3; Spall 1992).
#pragma once

#include "attacks/parts/objective.h"
#include "lib/eval/attack.h"

namespace aigis {

struct SpsaOptions {
  int64_t steps = 100;
  int64_t pairs = 64;       ///< pairs of answers for each step's gradient
  double distance = 0.01;   ///< from the iterate to each answer's image, in every pixel value that the box lets
  double step_size = 0.01;  ///< length of Adam's steps, in pixel values
  bool stop = true;         ///< leave images that the judge is known to get wrong
  ObjectiveOptions objective;
  SpsaOptions() { objective.loss = LossKind::margin; }
  void bind(OptionTable& table);
};

/// Sees logits only, and asks for images in [0, 1] only: 2 x pairs x steps queries an image, and one more at each step
/// where it stops at success. Projected into the ball of any norm after each step.
class Spsa : public Attack {
 public:
  static constexpr const char* kName = "spsa";
  static constexpr const char* kSummary = "gradients estimated from pairs of answers, followed by Adam; black box";
  static constexpr const char* kSource = "Uesato et al. 2018, arXiv:1802.05666, section 3.3";
  using Options = SpsaOptions;

  explicit Spsa(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override { return {}; }
  std::vector<Norm> norms() const override { return all_norms(); }
  bool heeds_judge() const override { return options_.stop; }
  void check(const ModelCard& card) const override { check_target(options_.objective, card); }
  std::vector<std::string> notes(const ModelCard& card) const override {
    return loss_notes(options_.objective, card.classes);
  }
  bool is_targeted() const override { return options_.objective.targeted(); }
  at::Tensor targets(Victim& victim, const Batch& batch) const override {
    return targets_of(options_.objective, victim, batch);
  }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  Options options_;
};

}  // namespace aigis
