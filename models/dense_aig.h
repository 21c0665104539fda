// Adaptive inference graphs on a densely connected network: the gates of ConvNet-AIG (Veit & Belongie, ECCV 2018, whose
// section 5 names them as future work) on the layers of DenseNet (Huang et al., CVPR 2017), for 32x32 images.
#pragma once

#include "models/parts/gated_network.h"

namespace aigis {

struct DenseAigOptions {
  int64_t growth = 12;  ///< channels that each layer adds
  GatingOptions gating;
  void bind(OptionTable& table);
};

/// x_l = [x_{l-1}, z_l F_l(x_{l-1})]: a layer that is skipped adds channels of zeros. Three stages of (depth - 4) / 3
/// layers, each layer BatchNorm, ReLU and a 3x3 convolution, behind a stem of 2 growth channels; between stages a 1x1
/// convolution and 2x2 averages. Only its gates fold: every BatchNorm has a ReLU between itself and the next
/// convolution.
class DenseAig : public GatedNetwork {
 public:
  using Options = DenseAigOptions;
  DenseAig(const NetworkShape& shape, const Options& options);

 protected:
  Output run(const at::Tensor& images, const Pass& pass) override;

 private:
  struct Layer {
    BatchNorm norm;
    Conv conv;
  };
  at::Tensor apply(const Layer& layer, const at::Tensor& x) const;

  Normalization normalization_;
  Conv stem_;
  std::vector<Layer> layers_;       ///< of all stages
  std::vector<Layer> transitions_;  ///< behind the first and the second stage
  BatchNorm last_norm_;
  Linear head_;
};

}  // namespace aigis
