// ConvNet-AIG for 32x32 images (Veit & Belongie, "Convolutional networks with adaptive inference graphs", ECCV 2018).
#pragma once

#include "lib/core/options.h"
#include "models/parts/cifar_trunk.h"
#include "models/parts/gate.h"
#include "models/parts/weighted_network.h"

namespace aigis {

enum class GateMode {
  sampled,  ///< Gumbel noise at test time too, as in the paper
  argmax,   ///< the likelier state; deterministic
};
enum class RateLoss {
  sum,   ///< over layers (paper, equation 9)
  mean,  ///< over layers (the authors' code)
};

struct AigOptions {
  Shortcut shortcut = Shortcut::conv;
  double target_rate = 0.7;
  RateLoss rate_loss = RateLoss::sum;
  double rate_weight = 1;  ///< factor of the target-rate loss; 1 in the paper, 2 (of the mean) in the authors' code
  GateOptions gate;
  GateMode gates = GateMode::sampled;
  int64_t draws = 1;
  void bind(OptionTable& table);
};

/// x_l = relu(shortcut(x_{l-1}) + z_l F_l(x_{l-1})), z_l in {0, 1} decided by a gate for each image (equation 3).
class Aig : public WeightedNetwork {
 public:
  using Options = AigOptions;
  Aig(const NetworkShape& shape, const Options& options);
  Output forward(const at::Tensor& images, const Pass& pass) override;
  std::vector<std::string> gate_modes() const override;
  void set_gate_mode(const std::string& mode) override;
  /// The target-rate loss (equation 9) of a batch's gates.
  at::Tensor penalty(const Output& output) const override;

 protected:
  void fold() override { trunk_.fold(); }

 private:
  /// Writes the options that act at inference into the card.
  void apply_mode();

  Options options_;
  CifarTrunk trunk_;
  std::vector<Gate> gates_;
  at::Tensor cost_;
};

}  // namespace aigis
