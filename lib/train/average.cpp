#include "lib/train/average.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_lerp.h>

#include <utility>

namespace aigis {

WeightAverage::WeightAverage(Network& network, double decay) : decay_(decay) {
  for (const auto& list : {network.named_weights(), network.named_statistics()}) {
    for (const auto& [name, tensor] : list) {
      now_.push_back(tensor);
      average_.push_back(tensor.detach().clone());
      averages_.emplace_back(name, average_.back());
    }
  }
}

void WeightAverage::update() {
  const at::NoGradGuard no_grad;
  if (std::exchange(first_, false)) at::_foreach_copy_(average_, now_);
  else at::_foreach_lerp_(average_, now_, 1 - decay_);
}

void WeightAverage::swap() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < now_.size(); ++i) {
    const at::Tensor kept = now_[i].detach().clone();
    now_[i].copy_(average_[i]);
    average_[i].copy_(kept);
  }
}

NamedTensors WeightAverage::averages() const { return first_ ? NamedTensors{} : averages_; }

void WeightAverage::restore(const std::vector<at::Tensor>& averages) {
  for (size_t i = 0; i < average_.size(); ++i) average_[i].copy_(averages.at(i));
  first_ = false;
}

}  // namespace aigis
