// PGD: signed gradient steps inside the ball, from a random start (Madry et al., ICLR 2018, arXiv:1706.06083,
// section 2.1). From the clean image it is BIM (Kurakin et al. 2017); with one step of 1.25 epsilon from a random start
// it is the attack of fast adversarial training (Wong, Rice & Kolter 2020, arXiv:2001.03994).
#pragma once

#include "lib/eval/attack.h"

namespace aigis {

struct PgdOptions {
  enum class Start { uniform, clean };

  int64_t steps = 10;
  double relative_step_size = 0.25;  ///< length of a step in epsilons: 2.5 epsilons in ten steps
  double step_size = 0;  ///< length of a step in pixel values instead, the same for all epsilons; 0: relative_step_size
  Start start = Start::uniform;
  int64_t draws = 1;  ///< gradients a step averages over, for random gates (EOT, Athalye et al. 2018)
  GateGradient gates = GateGradient::straight_through;
  void bind(OptionTable& table);
};

/// x <- clip(project(x + step * sign(d CE(f(x), y) / dx))), with projection on the ball around the clean image. Returns
/// the last iterate.
class Pgd : public Attack {
 public:
  static constexpr const char* kName = "pgd";
  static constexpr const char* kSummary = "signed gradient steps inside the ball";
  static constexpr const char* kSource = "Madry et al. 2018, arXiv:1706.06083";
  using Options = PgdOptions;

  explicit Pgd(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::string gradient_mode() const override { return option_values(options_)["gates"]; }
  std::vector<Norm> norms() const override { return {Norm::linf}; }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  at::Tensor ascend(Victim& victim, const Batch& batch, double epsilon) const;

  Options options_;
};

}  // namespace aigis
