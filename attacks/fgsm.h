// FGSM: one step along the gradient (Goodfellow, Shlens & Szegedy, ICLR 2015, arXiv:1412.6572, section 4).
#pragma once

#include "attacks/parts/objective.h"
#include "lib/eval/attack.h"

namespace aigis {

/// x' = clip(x + epsilon * sign(d loss / dx), 0, 1) in Linf; a zero gradient leaves its pixel where it was. In L2 the
/// sign gives way to the gradient over its length. In L1 the steepest pixel values go as far as the box lets them, one
/// after the other, until the budget is spent: as in Linf, the best that a linear function allows. The gradient is the
/// same for all epsilons: one forward and one backward pass serve them all.
class Fgsm : public Attack {
 public:
  static constexpr const char* kName = "fgsm";
  static constexpr const char* kSummary = "one step along the gradient";
  static constexpr const char* kSource = "Goodfellow et al. 2015, arXiv:1412.6572";

  struct Options : ObjectiveOptions {
    void bind(OptionTable& table) {
      bind_loss(table, /*with_kl=*/false);  // it has no slope at the clean image
      bind_target(table);
      bind_gates(table);
    }
  };

  explicit Fgsm(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override { return {options_.path.gradient}; }
  std::vector<Norm> norms() const override { return all_norms(); }
  int64_t draws() const override { return options_.draws; }
  bool shares_budgets() const override { return true; }
  void check(const ModelCard& card) const override { check_target(options_, card); }
  std::vector<std::string> notes(const ModelCard& card) const override { return loss_notes(options_, card.classes); }
  bool is_targeted() const override { return options_.targeted(); }
  at::Tensor targets(Victim& victim, const Batch& batch) const override { return targets_of(options_, victim, batch); }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  Options options_;
};

}  // namespace aigis
