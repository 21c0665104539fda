// Stochastic gradient descent with momentum, all tensors in one or two fused calls.
#pragma once

#include "lib/core/model.h"

namespace aigis {

struct SgdOptions {
  double momentum = 0.9;
  bool nesterov = true;
  double weight_decay = 0;
  bool decay_norms = true;  ///< false: tensors of one dimension, BatchNorm's and biases, do not decay
  double clip_norm = 0;     ///< greatest norm of all gradients together; 0: any
};

/// With g the gradient, scaled down to clip_norm: g += decay * w; v = momentum * v + g, from v = 0;
/// w -= rate * (nesterov ? g + momentum * v : v), as torch.optim.SGD behind torch.nn.utils.clip_grad_norm_ does. A
/// weight without a gradient, such as one of a layer that stochastic depth left out, stays as it is.
class Sgd {
 public:
  Sgd(NamedTensors weights, const SgdOptions& options);
  /// The learning rate of the steps that follow, recorded ones among them. Does not wait for a GPU.
  void set_rate(double learning_rate) { rate_.fill_(learning_rate); }
  void step();
  /// Forgets the gradients of the last step.
  void clear_gradients();

  /// The velocities by weight name.
  const NamedTensors& velocities() const { return velocities_; }
  /// Continues from saved velocities, in the order of the weights.
  void restore(const std::vector<at::Tensor>& velocities);

 private:
  /// Weights with the same decay.
  struct Group {
    double weight_decay;
    std::vector<at::Tensor> weights, velocities;
  };
  void clip_gradients();

  SgdOptions options_;
  NamedTensors weights_, velocities_;
  at::Tensor rate_;            ///< a scalar on the device
  std::vector<Group> groups_;  ///< of the same tensors
};

}  // namespace aigis
