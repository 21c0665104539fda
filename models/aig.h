// ConvNet-AIG (Veit & Belongie, "Convolutional networks with adaptive inference graphs", ECCV 2018).
#pragma once

#include "models/parts/gated_network.h"
#include "models/parts/residual_trunk.h"

namespace aigis {

struct AigOptions {
  TrunkOptions trunk;
  GatingOptions gating;
  Execution execution = Execution::mask;
  void bind(OptionTable& table);
};

/// x_l = relu(shortcut(x_{l-1}) + z_l F_l(x_{l-1})), z_l in {0, 1} decided by a gate for each image (equation 3).
class Aig : public GatedNetwork {
 public:
  using Options = AigOptions;
  Aig(const NetworkShape& shape, const Options& options);

 protected:
  Output run(const at::Tensor& images, const Pass& pass) override;
  void fold() override {
    GatedNetwork::fold();
    trunk_.fold();
  }

 private:
  Execution execution_;
  ResidualTrunk trunk_;
};

}  // namespace aigis
