// A moving average of a network's weights over its steps: noise of the last steps cancels, and the average is often the
// better model (Polyak & Juditsky 1992; exponential form as in Tarvainen & Valpola 2017).
#pragma once

#include "lib/core/model.h"

namespace aigis {

/// average = decay * average + (1 - decay) * now after each step, for weights and BatchNorm's statistics; the first
/// step starts it. As torch.optim.swa_utils.AveragedModel with get_ema_multi_avg_fn and use_buffers=True.
class WeightAverage {
 public:
  WeightAverage(Network& network, double decay);
  void update();
  /// Exchanges the averages and what the network holds.
  void swap();

  /// By name; empty before the first step.
  NamedTensors averages() const;
  /// Continues from saved averages, in the order of averages().
  void restore(const std::vector<at::Tensor>& averages);

 private:
  double decay_;
  NamedTensors averages_;
  std::vector<at::Tensor> now_, average_;  ///< the network's tensors, and those of averages_
  bool first_ = true;
};

}  // namespace aigis
