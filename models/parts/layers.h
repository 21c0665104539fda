// The layers that all families share. Each counts its own multiply-accumulates.
#pragma once

#include <string>

#include "models/parts/fused_convolution.h"
#include "models/parts/weights.h"

namespace aigis {

/// Momentum and epsilon of BatchNorm, PyTorch's defaults.
constexpr double kBatchNormMomentum = 0.1;
constexpr double kBatchNormEpsilon = 1e-5;

/// Images in [0, 1] to inputs with mean 0 and deviation 1, by the channel statistics of the training images. The result
/// is channels-last, the layout in which convolutions are fastest.
class Normalization {
 public:
  Normalization() = default;
  explicit Normalization(Weights& weights);
  at::Tensor operator()(const at::Tensor& images) const;

 private:
  at::Tensor mean_, deviation_;
};

class BatchNorm {
 public:
  BatchNorm() = default;
  BatchNorm(Weights& weights, const std::string& name, int64_t channels);
  at::Tensor operator()(const at::Tensor& x, bool training) const;
  /// With frozen statistics it is x times scale() plus shift(), by channel.
  at::Tensor scale() const;
  at::Tensor shift() const;

 private:
  at::Tensor weight_, bias_, mean_, variance_;
};

/// A convolution without bias, with square kernel and padding that keeps the size at stride 1.
class Conv {
 public:
  Conv() = default;
  /// He initialization by fan-out (He et al. 2015). `name` is the prefix of its weight.
  Conv(Weights& weights, const std::string& name, int64_t in, int64_t out, int64_t kernel, int64_t stride);
  at::Tensor operator()(const at::Tensor& x) const;
  /// Rows and columns of the output for an input of `side` by `side` pixels.
  int64_t out_side(int64_t side) const;
  /// For one image whose input is `side` pixels wide and high.
  int64_t macs(int64_t side) const;

 protected:
  at::Tensor weight_;
  int64_t stride_ = 1, padding_ = 0;
};

/// A convolution and the BatchNorm behind it. Once folded, both are one convolution with a bias.
class ConvNorm : public Conv {
 public:
  ConvNorm() = default;
  ConvNorm(Weights& weights, const std::string& conv, const std::string& norm, int64_t in, int64_t out, int64_t kernel,
           int64_t stride);
  /// `sum` is added where there is one, and may be overwritten.
  at::Tensor operator()(const at::Tensor& x, bool training, const at::Tensor& sum = {}) const;
  /// Multiplies the frozen statistics into the weights.
  void fold();

 private:
  BatchNorm norm_;
  FusedConvolution folded_;
};

/// A fully connected layer, drawn as PyTorch draws it: U(-1/sqrt(in), 1/sqrt(in)).
class Linear {
 public:
  Linear() = default;
  Linear(at::Tensor weight, at::Tensor bias) : weight_(std::move(weight)), bias_(std::move(bias)) {}
  Linear(Weights& weights, const std::string& name, int64_t in, int64_t out);
  at::Tensor operator()(const at::Tensor& x) const;
  int64_t macs() const { return weight_.numel(); }
  const at::Tensor& weight() const { return weight_; }
  const at::Tensor& bias() const { return bias_; }

 private:
  at::Tensor weight_, bias_;
};

/// Channel-wise means, [N, C, H, W] to [N, C] (paper, equation 4).
at::Tensor global_average_pool(const at::Tensor& x);

}  // namespace aigis
