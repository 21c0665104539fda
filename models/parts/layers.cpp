#include "models/parts/layers.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>

#include <cmath>

namespace aigis {

Normalization::Normalization(Weights& weights)
    : mean_(weights.statistic("normalize.mean", {3, 1, 1}, 0)),
      deviation_(weights.statistic("normalize.std", {3, 1, 1}, 1)) {}

at::Tensor Normalization::operator()(const at::Tensor& images) const {
  return (images.contiguous(at::MemoryFormat::ChannelsLast) - mean_) / deviation_;
}

BatchNorm::BatchNorm(Weights& weights, const std::string& name, int64_t channels)
    : weight_(weights.constant(name + ".weight", {channels}, 1)),
      bias_(weights.constant(name + ".bias", {channels}, 0)),
      mean_(weights.statistic(name + ".running_mean", {channels}, 0)),
      variance_(weights.statistic(name + ".running_var", {channels}, 1)) {}

at::Tensor BatchNorm::operator()(const at::Tensor& x, bool training) const {
  return at::batch_norm(x, weight_, bias_, mean_, variance_, training, kBatchNormMomentum, kBatchNormEpsilon, true);
}

at::Tensor BatchNorm::scale() const { return (weight_ / (variance_ + kBatchNormEpsilon).sqrt()).detach(); }

at::Tensor BatchNorm::shift() const { return (bias_ - mean_ * scale()).detach(); }

Conv::Conv(Weights& weights, const std::string& name, int64_t in, int64_t out, int64_t kernel, int64_t stride)
    : weight_(weights.normal(name + ".weight", {out, in, kernel, kernel},
                             std::sqrt(2.0 / static_cast<double>(out * kernel * kernel)))),
      stride_(stride), padding_(kernel / 2) {}

at::Tensor Conv::operator()(const at::Tensor& x) const { return at::conv2d(x, weight_, {}, stride_, padding_); }

int64_t Conv::out_side(int64_t side) const { return (side + 2 * padding_ - weight_.size(2)) / stride_ + 1; }

int64_t Conv::macs(int64_t side) const { return weight_.numel() * out_side(side) * out_side(side); }

ConvNorm::ConvNorm(Weights& weights, const std::string& conv, const std::string& norm, int64_t in, int64_t out,
                   int64_t kernel, int64_t stride)
    : Conv(weights, conv, in, out, kernel, stride), norm_(weights, norm, out) {}

at::Tensor ConvNorm::operator()(const at::Tensor& x, bool training, const at::Tensor& sum) const {
  return folded_.defined() ? folded_(x, sum) : add_onto(norm_(Conv::operator()(x), training), sum);
}

void ConvNorm::fold() {
  folded_ = {weight_.detach() * norm_.scale().view({-1, 1, 1, 1}), norm_.shift(), stride_, padding_};
}

Linear::Linear(Weights& weights, const std::string& name, int64_t in, int64_t out) {
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  weight_ = weights.uniform(name + ".weight", {out, in}, bound);
  bias_ = weights.uniform(name + ".bias", {out}, bound);
}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

at::Tensor global_average_pool(const at::Tensor& x) { return x.mean({2, 3}); }

}  // namespace aigis
