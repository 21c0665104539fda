// ResNet trained with stochastic depth (Huang et al., "Deep networks with stochastic depth", ECCV 2016).
#pragma once

#include "models/parts/residual_trunk.h"
#include "models/parts/weighted_network.h"

namespace aigis {

enum class DropUnit {
  batch,  ///< a layer is dropped for a whole mini-batch (the paper): its time is saved
  image,  ///< for each image by itself
};

struct StochasticDepthOptions {
  TrunkOptions trunk;
  double survival = 0.5;  ///< p_L of the last layer; p_l = 1 - l/L (1 - p_L) (equation 4)
  DropUnit drop = DropUnit::batch;
  void bind(OptionTable& table);
};

/// In training x_l = relu(shortcut(x_{l-1}) + b_l F_l(x_{l-1})) with b_l drawn from {0, 1}; at test time b_l is its
/// expectation p_l (equation 5).
class StochasticDepth : public WeightedNetwork {
 public:
  using Options = StochasticDepthOptions;
  StochasticDepth(const NetworkShape& shape, const Options& options);
  bool has_fixed_steps() const override { return false; }

 protected:
  Output run(const at::Tensor& images, const Pass& pass) override;
  void fold() override { trunk_.fold(); }

 private:
  Options options_;
  ResidualTrunk trunk_;
};

}  // namespace aigis
