// GradAuto: opens gates by Adam on their probabilities; what would close open ones is projected out of the gradient. A
// baseline for gate-sloth.
#pragma once

#include "attacks/parts/objective.h"
#include "lib/eval/attack.h"

namespace aigis {

class GradAuto : public Attack {
 public:
  static constexpr const char* kName = "gradauto";
  static constexpr const char* kSummary =
      "gates open, by Adam on probabilities with conflicting gradients projected out";
  static constexpr const char* kSource =
      "Pan et al. 2022, GradAuto: energy-oriented attack on dynamic neural networks, ECCV; here inside a ball, there "
      "with a penalty on the size of the perturbation";

  struct Options {
    int64_t steps = 300;
    double step_size = 0.01;
    double threshold = 0.5;
    GatePathOptions path;
    void bind(OptionTable& table);
  };

  explicit GradAuto(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::set<GateGradient> gate_paths() const override { return {options_.path.gradient}; }
  std::vector<Norm> norms() const override { return all_norms(); }
  Aim aim() const override { return Aim::more_compute; }
  void check(const ModelCard& card) const override;
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  Options options_;
};

}  // namespace aigis
