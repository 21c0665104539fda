// Pre-activation ResNet (He et al., "Identity mappings in deep residual networks", ECCV 2016), for 32x32 images.
#pragma once

#include "models/parts/residual_trunk.h"
#include "models/parts/weighted_network.h"

namespace aigis {

struct PreResNetOptions {
  void bind(OptionTable&) {}
};

/// x_l = shortcut(x_{l-1}) + F_l(relu(norm(x_{l-1}))), and one more normalization and ReLU before the head.
class PreResNet : public WeightedNetwork {
 public:
  using Options = PreResNetOptions;
  PreResNet(const NetworkShape& shape, const Options& options);

 protected:
  Output run(const at::Tensor& images, const Pass& pass) override;
  void fold() override { trunk_.fold(); }

 private:
  ResidualTrunk trunk_;
};

}  // namespace aigis
