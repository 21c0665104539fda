// FGSM: one step along the sign of the gradient (Goodfellow, Shlens & Szegedy, ICLR 2015, arXiv:1412.6572, section 4).
#pragma once

#include "lib/eval/attack.h"

namespace aigis {

struct FgsmOptions {
  GateGradient gates = GateGradient::straight_through;
  void bind(OptionTable& table);
};

/// x' = clip(x + epsilon * sign(d CE(f(x), y) / dx), 0, 1). The gradient is the same for all epsilons: one forward and
/// one backward pass serve them all. A zero gradient leaves its pixel where it was.
class Fgsm : public Attack {
 public:
  static constexpr const char* kName = "fgsm";
  static constexpr const char* kSummary = "one step along the sign of the gradient";
  static constexpr const char* kSource = "Goodfellow et al. 2015, arXiv:1412.6572";
  using Options = FgsmOptions;

  explicit Fgsm(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::string gradient_mode() const override { return option_values(options_)["gates"]; }
  std::vector<Norm> norms() const override { return {Norm::linf}; }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override;

 private:
  Options options_;
};

}  // namespace aigis
