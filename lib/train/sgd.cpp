#include "lib/train/sgd.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/empty_like.h>

namespace aigis {

Sgd::Sgd(NamedTensors weights, double momentum, bool nesterov, double weight_decay)
    : weights_(std::move(weights)), momentum_(momentum), weight_decay_(weight_decay), nesterov_(nesterov) {
  for (const auto& [name, tensor] : weights_) {
    parameters_.push_back(tensor);
    velocities_.push_back(at::empty_like(tensor.detach()));
  }
}

void Sgd::step(double learning_rate) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const auto& parameter : parameters_) gradients.push_back(parameter.grad());
  at::_fused_sgd_(parameters_, gradients, velocities_, weight_decay_, momentum_, learning_rate, /*dampening=*/0,
                  nesterov_,
                  /*maximize=*/false, first_);
  first_ = false;
}

void Sgd::clear_gradients() {
  for (auto& parameter : parameters_) parameter.mutable_grad().reset();
}

NamedTensors Sgd::velocities() const {
  NamedTensors named;
  if (first_) return named;
  for (size_t i = 0; i < weights_.size(); ++i) named.emplace_back(weights_[i].first, velocities_[i]);
  return named;
}

void Sgd::restore(const std::vector<at::Tensor>& velocities) {
  for (size_t i = 0; i < velocities_.size(); ++i) velocities_[i].copy_(velocities.at(i));
  first_ = false;
}

}  // namespace aigis
