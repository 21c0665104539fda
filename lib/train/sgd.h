// Stochastic gradient descent with momentum, all tensors in one fused call.
#pragma once

#include "lib/core/model.h"

namespace aigis {

/// g += decay * w; v = momentum * v + g (v = g at the first step); w -= rate * (nesterov ? g + momentum * v : v),
/// as torch.optim.SGD does.
class Sgd {
 public:
  Sgd(NamedTensors weights, double momentum, bool nesterov, double weight_decay);
  void step(double learning_rate);
  /// Forgets the gradients of the last step.
  void clear_gradients();

  /// The velocities by weight name; empty before the first step.
  NamedTensors velocities() const;
  /// Continues from saved velocities, in the order of the weights.
  void restore(const std::vector<at::Tensor>& velocities);

 private:
  NamedTensors weights_;
  std::vector<at::Tensor> parameters_, velocities_;
  double momentum_, weight_decay_;
  bool nesterov_, first_ = true;
};

}  // namespace aigis
