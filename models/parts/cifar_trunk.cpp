#include "models/parts/cifar_trunk.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/relu.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lib/core/error.h"

namespace aigis {
namespace {

constexpr int64_t kSide = 32;
constexpr int64_t kChannels = 16;

}  // namespace

BasicBlock::BasicBlock(Weights& weights, const std::string& block_name, int64_t in, int64_t out, int64_t side,
                       Shortcut shortcut)
    : name(block_name), in_channels(in), out_channels(out), stride_(in == out ? 1 : 2),
      has_conv_shortcut_(in != out && shortcut == Shortcut::conv) {
  first_ = ConvNorm(weights, name + ".conv1", name + ".bn1", in, out, 3, stride_);
  second_ = ConvNorm(weights, name + ".conv2", name + ".bn2", out, out, 3, 1);
  macs = first_.macs(side) + second_.macs(side / stride_);
  shortcut_macs = 0;
  if (has_conv_shortcut_) {
    down_ = ConvNorm(weights, name + ".downsample.0", name + ".downsample.1", in, out, 1, stride_);
    shortcut_macs = down_.macs(side);
  }
}

at::Tensor BasicBlock::residual(const at::Tensor& x, bool training) const {
  return second_(at::relu(first_(x, training)), training);
}

at::Tensor BasicBlock::shortcut(const at::Tensor& x, bool training) const {
  if (has_conv_shortcut_) return down_(x, training);
  if (stride_ == 1) return x;
  const at::Tensor thinned = x.slice(2, 0, c10::nullopt, stride_).slice(3, 0, c10::nullopt, stride_);
  const int64_t missing = out_channels - in_channels;
  return at::constant_pad_nd(thinned, {0, 0, 0, 0, missing / 2, missing - missing / 2});
}

void BasicBlock::fold() {
  first_.fold();
  second_.fold();
  if (has_conv_shortcut_) down_.fold();
}

CifarTrunk::CifarTrunk(Weights& weights, int64_t depth, int64_t classes, const std::vector<int64_t>& input,
                       Shortcut shortcut) {
  if (depth < 8 || depth > 1202 || (depth - 2) % 6 != 0) {
    throw InputError(fmt::format("depth {}: expected 6n+2 from 8 to 1202, such as 20, 32, 44, 56 or 110", depth));
  }
  if (input != std::vector<int64_t>{3, kSide, kSide}) {
    throw InputError(fmt::format("images are {}: expected 3x32x32 for this family", fmt::join(input, "x")));
  }
  mean_ = weights.statistic("normalize.mean", {3, 1, 1}, 0);
  deviation_ = weights.statistic("normalize.std", {3, 1, 1}, 1);
  stem_ = ConvNorm(weights, "conv1", "bn1", 3, kChannels, 3, 1);
  int64_t in = kChannels, side = kSide;
  for (int64_t stage = 0; stage < 3; ++stage) {
    const int64_t out = kChannels << stage;
    for (int64_t i = 0; i < (depth - 2) / 6; ++i) {
      blocks_.emplace_back(weights, fmt::format("layer{}.{}", stage + 1, i), in, out, side, shortcut);
      if (in != out) side /= 2;
      in = out;
    }
  }
  head_ = Linear(weights, "fc", in, classes);
}

at::Tensor CifarTrunk::stem(const at::Tensor& images, bool training) const {
  const at::Tensor x = images.contiguous(at::MemoryFormat::ChannelsLast);
  return at::relu(stem_((x - mean_) / deviation_, training));
}

at::Tensor CifarTrunk::head(const at::Tensor& x) const { return head_(global_average_pool(x)); }

void CifarTrunk::fold() {
  stem_.fold();
  for (auto& block : blocks_) block.fold();
}

int64_t CifarTrunk::macs_always() const {
  int64_t sum = stem_.macs(kSide) + head_.macs();
  for (const auto& block : blocks_) sum += block.shortcut_macs;
  return sum;
}

}  // namespace aigis
