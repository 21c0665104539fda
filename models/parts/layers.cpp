#include "models/parts/layers.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>

#include <cmath>

namespace aigis {

BatchNorm::BatchNorm(Weights& weights, const std::string& name, int64_t channels)
    : weight_(weights.constant(name + ".weight", {channels}, 1)),
      bias_(weights.constant(name + ".bias", {channels}, 0)),
      mean_(weights.statistic(name + ".running_mean", {channels}, 0)),
      variance_(weights.statistic(name + ".running_var", {channels}, 1)) {}

at::Tensor BatchNorm::operator()(const at::Tensor& x, bool training) const {
  return at::batch_norm(x, weight_, bias_, mean_, variance_, training, kBatchNormMomentum, kBatchNormEpsilon, true);
}

ConvNorm::ConvNorm(Weights& weights, const std::string& conv, const std::string& norm, int64_t in, int64_t out,
                   int64_t kernel, int64_t stride)
    : weight_(weights.normal(conv + ".weight", {out, in, kernel, kernel},
                             std::sqrt(2.0 / static_cast<double>(out * kernel * kernel)))),
      norm_(weights, norm, out), stride_(stride), padding_(kernel / 2) {}

at::Tensor ConvNorm::operator()(const at::Tensor& x, bool training) const {
  if (folded_weight_.defined()) return at::conv2d(x, folded_weight_, folded_bias_, stride_, padding_);
  return norm_(at::conv2d(x, weight_, {}, stride_, padding_), training);
}

void ConvNorm::fold() {
  const at::Tensor scale = norm_.weight_ / (norm_.variance_ + kBatchNormEpsilon).sqrt();
  folded_weight_ = (weight_ * scale.view({-1, 1, 1, 1})).detach().contiguous(at::MemoryFormat::ChannelsLast);
  folded_bias_ = (norm_.bias_ - norm_.mean_ * scale).detach();
}

int64_t ConvNorm::macs(int64_t side) const {
  const int64_t out_side = (side + 2 * padding_ - weight_.size(2)) / stride_ + 1;
  return weight_.numel() * out_side * out_side;
}

Linear::Linear(Weights& weights, const std::string& name, int64_t in, int64_t out) {
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  weight_ = weights.uniform(name + ".weight", {out, in}, bound);
  bias_ = weights.uniform(name + ".bias", {out}, bound);
}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

at::Tensor global_average_pool(const at::Tensor& x) { return x.mean({2, 3}); }

}  // namespace aigis
