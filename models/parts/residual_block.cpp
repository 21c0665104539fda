#include "models/parts/residual_block.h"

#include <ATen/ops/constant_pad_nd.h>
#include <fmt/format.h>

namespace aigis {
namespace {

bool is_change(const BlockShape& shape) { return shape.in != shape.out || shape.stride != 1; }

/// Every second pixel, and zeros for the channels that are missing, as many before as behind.
at::Tensor thinned(const at::Tensor& x, const BlockShape& shape) {
  const int64_t missing = shape.out - shape.in;
  return at::constant_pad_nd(x.slice(2, 0, c10::nullopt, shape.stride).slice(3, 0, c10::nullopt, shape.stride),
                             {0, 0, 0, 0, missing / 2, missing - missing / 2});
}

}  // namespace

PostActivationBlock::PostActivationBlock(Weights& weights, const BlockShape& block, Shortcut shortcut,
                                         StrideAt stride_at)
    : ResidualBlock(block), changes_shape_(is_change(block)),
      has_conv_shortcut_(changes_shape_ && shortcut == Shortcut::conv) {
  int64_t side = shape.side;
  const auto add = [&](int64_t in, int64_t out, int64_t kernel, int64_t stride) {
    const auto number = convs_.size() + 1;
    convs_.emplace_back(weights, fmt::format("{}.conv{}", shape.name, number),
                        fmt::format("{}.bn{}", shape.name, number), in, out, kernel, stride);
    macs += convs_.back().macs(side);
    side = convs_.back().out_side(side);
  };
  if (shape.width == shape.out) {
    add(shape.in, shape.width, 3, shape.stride);
    add(shape.width, shape.out, 3, 1);
  } else {
    add(shape.in, shape.width, 1, stride_at == StrideAt::conv1 ? shape.stride : 1);
    add(shape.width, shape.width, 3, stride_at == StrideAt::conv2 ? shape.stride : 1);
    add(shape.width, shape.out, 1, 1);
  }
  if (has_conv_shortcut_) {
    down_ = ConvNorm(weights, shape.name + ".downsample.0", shape.name + ".downsample.1", shape.in, shape.out, 1,
                     shape.stride);
    shortcut_macs = down_.macs(shape.side);
  }
}

at::Tensor PostActivationBlock::residual(const at::Tensor& activated, bool training, const at::Tensor& sum) const {
  at::Tensor y = activated;
  for (size_t i = 0; i + 1 < convs_.size(); ++i) y = convs_[i](y, training).relu_();
  return convs_.back()(y, training, sum);
}

at::Tensor PostActivationBlock::shortcut(const at::Tensor& x, const at::Tensor&, bool training) const {
  if (has_conv_shortcut_) return down_(x, training);
  return changes_shape_ ? thinned(x, shape) : x;
}

at::Tensor PostActivationBlock::join(const at::Tensor& sum) const { return sum.relu_(); }

void PostActivationBlock::fold() {
  for (auto& conv : convs_) conv.fold();
  if (has_conv_shortcut_) down_.fold();
}

PreActivationBlock::PreActivationBlock(Weights& weights, const BlockShape& block, bool is_first)
    : ResidualBlock(block), is_first_(is_first), changes_shape_(is_change(block)) {
  if (!is_first_) norm_ = BatchNorm(weights, shape.name + ".bn1", shape.in);
  first_ = ConvNorm(weights, shape.name + ".conv1", shape.name + ".bn2", shape.in, shape.out, 3, shape.stride);
  second_ = Conv(weights, shape.name + ".conv2", shape.out, shape.out, 3, 1);
  macs = first_.macs(shape.side) + second_.macs(first_.out_side(shape.side));
  if (changes_shape_) {
    down_ = Conv(weights, shape.name + ".downsample.0", shape.in, shape.out, 1, shape.stride);
    shortcut_macs = down_.macs(shape.side);
  }
}

at::Tensor PreActivationBlock::activate(const at::Tensor& x, bool training) const {
  return is_first_ ? x : norm_(x, training).relu_();
}

at::Tensor PreActivationBlock::residual(const at::Tensor& activated, bool training, const at::Tensor& sum) const {
  return add_onto(second_(first_(activated, training).relu_()), sum);
}

at::Tensor PreActivationBlock::shortcut(const at::Tensor& x, const at::Tensor& activated, bool) const {
  return changes_shape_ ? down_(activated) : x;
}

void PreActivationBlock::fold() { first_.fold(); }

}  // namespace aigis
