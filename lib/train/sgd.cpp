#include "lib/train/sgd.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace aigis {

Sgd::Sgd(NamedTensors weights, const SgdOptions& options) : options_(options), weights_(std::move(weights)) {
  const at::Device device = weights_.front().second.device();
  // CUDA's kernel takes it in float alone; on a CPU double keeps it unrounded.
  rate_ = at::zeros({}, at::TensorOptions(device).dtype(device.is_cpu() ? at::kDouble : at::kFloat));
  groups_ = {{options.weight_decay, {}, {}}};
  if (!options.decay_norms) groups_.push_back({0, {}, {}});
  for (const auto& [name, weight] : weights_) {
    velocities_.emplace_back(name, at::zeros_like(weight.detach()));
    Group& group = weight.dim() > 1 ? groups_.front() : groups_.back();
    group.weights.push_back(weight);
    group.velocities.push_back(velocities_.back().second);
  }
}

void Sgd::clip_gradients() {
  std::vector<at::Tensor> gradients;
  for (const auto& [name, weight] : weights_) {
    if (weight.grad().defined()) gradients.push_back(weight.grad());
  }
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients)));
  at::_foreach_mul_(gradients, (options_.clip_norm / (norm + 1e-6)).clamp_max(1));  // without waiting for a GPU
}

void Sgd::step() {
  const at::NoGradGuard no_grad;
  if (options_.clip_norm > 0) clip_gradients();
  for (const auto& group : groups_) {
    std::vector<at::Tensor> weights, gradients, velocities;
    for (size_t i = 0; i < group.weights.size(); ++i) {
      if (!group.weights[i].grad().defined()) continue;
      weights.push_back(group.weights[i]);
      gradients.push_back(group.weights[i].grad());
      if (options_.momentum > 0) velocities.push_back(group.velocities[i]);  // else the kernel wants none
    }
    if (weights.empty()) continue;
    at::_fused_sgd_(weights, gradients, velocities, group.weight_decay, options_.momentum, rate_,
                    /*dampening=*/0, options_.nesterov, /*maximize=*/false, /*is_first_step=*/false);
  }
}

void Sgd::clear_gradients() {
  for (auto& [name, weight] : weights_) weight.mutable_grad().reset();
}

void Sgd::restore(const std::vector<at::Tensor>& velocities) {
  for (size_t i = 0; i < velocities_.size(); ++i) velocities_[i].second.copy_(velocities.at(i));
}

}  // namespace aigis
