// ResNet (He et al., "Deep residual learning for image recognition", CVPR 2016).
#pragma once

#include "models/parts/residual_trunk.h"
#include "models/parts/weighted_network.h"

namespace aigis {

struct ResNetOptions {
  TrunkOptions trunk;
  void bind(OptionTable& table) { trunk.bind(table); }
};

/// x_l = relu(shortcut(x_{l-1}) + F_l(x_{l-1})). State-dict names and, at ImageNet's depths, logits are torchvision's.
class ResNet : public WeightedNetwork {
 public:
  using Options = ResNetOptions;
  ResNet(const NetworkShape& shape, const Options& options);

 protected:
  Output run(const at::Tensor& images, const Pass& pass) override;
  void fold() override { trunk_.fold(); }

 private:
  ResidualTrunk trunk_;
};

}  // namespace aigis
