// The gate of ConvNet-AIG: estimates from channel means whether a layer is worth running (section 3.2).
#pragma once

#include "lib/ops/gate_logits.h"
#include "models/parts/layers.h"

namespace aigis {

struct GateOptions {
  int64_t hidden = 16;             ///< d of equation 5
  bool norm = false;               ///< BatchNorm before the ReLU; the authors' code has it, the paper has not
  double open_probability = 0.85;  ///< at the start of training (section 4.2); the authors' code: sigmoid(1.9) = 0.87
};

/// beta = W2 relu(W1 z) with z the channel means (equations 4 and 5); its logit is beta_open - beta_closed.
class Gate {
 public:
  /// `name` is the prefix of its weights: fc1, norm, fc2. Row 0 of fc2 is "closed", row 1 "open".
  Gate(Weights& weights, const std::string& name, int64_t channels, const GateOptions& options);
  /// [N, C, H, W] to [N]: logit of open minus logit of closed.
  at::Tensor logits(const at::Tensor& x, bool training) const;
  /// Makes two plain layers with one output of the frozen weights.
  void fold();
  int64_t macs() const { return first_.macs() + second_.macs(); }

 private:
  Linear first_, second_;
  BatchNorm norm_;
  bool has_norm_;
  GateWeights folded_;
};

}  // namespace aigis
