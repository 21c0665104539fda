// FAB-T: the fast adaptive boundary attack towards each of the likeliest wrong classes (Croce & Hein, ICML 2020,
// "Minimally distorted adversarial examples with a fast adaptive boundary attack", algorithm 1; targeted as in
// arXiv:2003.01690, section 4.2).
#pragma once

#include "attacks/parts/objective.h"
#include "lib/eval/attack.h"

namespace aigis {

struct FabTOptions {
  int64_t steps = 100;
  int64_t classes = 0;      ///< wrong classes that are aimed at, the likeliest first; 0: all, but at most 9
  double most_bias = 0.1;   ///< alpha_max: greatest share of the step that is taken from the clean image
  double overshoot = 1.05;  ///< eta: by which a step goes beyond the boundary
  double retreat = 0.9;     ///< beta: share of its perturbation that an image keeps once it is adversarial
  bool stop = true;         ///< leave images that are adversarial within the smallest budget
  GatePathOptions path;
  void bind(OptionTable& table);
  int64_t rounds(const ModelCard& card) const;  ///< classes that are aimed at
};

/// Looks for the nearest adversarial image, whatever the budget: each step goes to the boundary of the linearized
/// model, from the iterate and, for a part, from the clean image. One run serves all budgets: an image is handed out
/// for budgets that it is within, and its projection for smaller ones.
class FabT : public Attack {
 public:
  static constexpr const char* kName = "fab-t";
  static constexpr const char* kSummary = "fast adaptive boundary attack towards each of the likeliest wrong classes";
  static constexpr const char* kSource = "Croce & Hein 2020, arXiv:1907.02044, algorithm 1";
  using Options = FabTOptions;

  explicit FabT(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::string gradient_mode() const override { return option_values(options_)["gates"]; }
  std::vector<Norm> norms() const override { return all_norms(); }
  bool heeds_judge() const override { return options_.stop; }
  bool shares_budgets() const override { return true; }
  void check(const ModelCard& card) const override;
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  Options options_;
};

}  // namespace aigis
