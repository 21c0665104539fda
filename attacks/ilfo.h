// ILFO: intermediate outputs are driven to where the network does all of its work, at a cost for the size of the
// perturbation; here those outputs are the gates' probabilities. For each budget the image counts that executes most,
// of the iterates within it and of the one that executes most of all, projected into it. A baseline for gate-sloth.
#pragma once

#include "attacks/parts/objective.h"
#include "lib/eval/attack.h"

namespace aigis {

class Ilfo : public Attack {
 public:
  static constexpr const char* kName = "ilfo";
  static constexpr const char* kSummary = "gates open at the least size of the perturbation, by Adam in tanh space";
  static constexpr const char* kSource =
      "Haque et al. 2020, ILFO: adversarial attack on adaptive neural networks, CVPR";

  struct Options {
    int64_t steps = 300;
    double step_size = 0.01;
    double balance = 1;      ///< weight of the gates beside the squared L2 size
    double threshold = 0.6;  ///< probability above which a gate is open enough
    GatePathOptions path;
    void bind(OptionTable& table);
  };

  explicit Ilfo(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override { return {options_.path.gradient}; }
  std::vector<Norm> norms() const override { return all_norms(); }
  bool shares_budgets() const override { return true; }
  Aim aim() const override { return Aim::more_compute; }
  void check(const ModelCard& card) const override;
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  Options options_;
};

}  // namespace aigis
