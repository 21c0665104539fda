// ResNet for 32x32 images (He et al., "Deep residual learning for image recognition", CVPR 2016, section 4.2).
#pragma once

#include "lib/core/options.h"
#include "models/parts/cifar_trunk.h"
#include "models/parts/weighted_network.h"

namespace aigis {

struct ResNetOptions {
  Shortcut shortcut = Shortcut::conv;
  void bind(OptionTable& table);
};

/// x_l = relu(shortcut(x_{l-1}) + F_l(x_{l-1})), depth 6n+2.
class ResNet : public WeightedNetwork {
 public:
  using Options = ResNetOptions;
  ResNet(const NetworkShape& shape, const Options& options);
  Output forward(const at::Tensor& images, const Pass& pass) override;

 protected:
  void fold() override { trunk_.fold(); }

 private:
  CifarTrunk trunk_;
};

}  // namespace aigis
