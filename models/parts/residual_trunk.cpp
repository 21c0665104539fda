#include "models/parts/residual_trunk.h"

#include <ATen/ops/max_pool2d.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "lib/core/error.h"

namespace aigis {
namespace {

constexpr int64_t kSmallSide = 32;

TrunkPlan plan_small(int64_t depth) {
  if (depth < 8 || depth > 1202 || (depth - 2) % 6 != 0) {
    throw InputError(fmt::format("depth {}: expected 6n+2 from 8 to 1202, such as 20, 32, 44, 56 or 110", depth));
  }
  return {std::vector<int64_t>(3, (depth - 2) / 6), false, false};
}

}  // namespace

void TrunkOptions::bind(OptionTable& table) {
  table.choice<Shortcut>("shortcut", &shortcut, {{"conv", Shortcut::conv}, {"identity", Shortcut::identity}},
                         "shortcut where the shape changes: 1x1 convolution, or every second pixel");
  table.choice<StrideAt>(
      "stride_at", &stride_at, {{"conv2", StrideAt::conv2}, {"conv1", StrideAt::conv1}},
      "where a bottleneck halves the resolution: its 3x3 convolution (torchvision) or its first 1x1 (He et al.)");
}

TrunkPlan plan_trunk(int64_t depth) {
  static const std::map<int64_t, TrunkPlan> imagenet{{18, {{2, 2, 2, 2}, true, false}},
                                                     {34, {{3, 4, 6, 3}, true, false}},
                                                     {50, {{3, 4, 6, 3}, true, true}},
                                                     {101, {{3, 4, 23, 3}, true, true}},
                                                     {152, {{3, 8, 36, 3}, true, true}}};
  const auto found = imagenet.find(depth);
  if (found != imagenet.end()) return found->second;
  try {
    return plan_small(depth);
  } catch (const InputError& error) {
    throw InputError(std::string(error.what()) + "; or 18, 34, 50, 101 or 152 for ImageNet");
  }
}

ResidualTrunk::ResidualTrunk(Weights& weights, const NetworkShape& shape, const TrunkOptions& options) {
  build(weights, shape, plan_trunk(shape.depth), [&](const BlockShape& block) -> std::unique_ptr<ResidualBlock> {
    return std::make_unique<PostActivationBlock>(weights, block, options.shortcut, options.stride_at);
  });
}

ResidualTrunk::ResidualTrunk(Weights& weights, const NetworkShape& shape, PreActivation) {
  build(weights, shape, plan_small(shape.depth), [&](const BlockShape& block) -> std::unique_ptr<ResidualBlock> {
    return std::make_unique<PreActivationBlock>(weights, block, blocks_.empty());
  });
  last_norm_ = BatchNorm(weights, "norm", blocks_.back()->shape.out);
  has_last_norm_ = true;
}

void ResidualTrunk::build(Weights& weights, const NetworkShape& shape, const TrunkPlan& plan, const MakeBlock& make) {
  const bool square = shape.input.size() == 3 && shape.input[0] == 3 && shape.input[1] == shape.input[2];
  if (!square || (plan.is_imagenet ? shape.input[1] < kSmallSide : shape.input[1] != kSmallSide)) {
    throw InputError(fmt::format("images are {}: depth {} expects {}", fmt::join(shape.input, "x"), shape.depth,
                                 plan.is_imagenet ? "3xSxS with S of at least 32, such as 3x224x224" : "3x32x32"));
  }
  normalization_ = Normalization(weights);
  int64_t side = shape.input[1];
  int64_t channels = plan.is_imagenet ? 64 : 16;
  stem_ = plan.is_imagenet ? ConvNorm(weights, "conv1", "bn1", 3, channels, 7, 2)
                           : ConvNorm(weights, "conv1", "bn1", 3, channels, 3, 1);
  macs_always_ = stem_.macs(side);
  side = stem_.out_side(side);
  has_pooling_ = plan.is_imagenet;
  if (has_pooling_) side = (side - 1) / 2 + 1;
  const int64_t base = channels;
  for (size_t stage = 0; stage < plan.blocks.size(); ++stage) {
    const int64_t width = base << stage, out = plan.is_bottleneck ? 4 * width : width;
    for (int64_t i = 0; i < plan.blocks[stage]; ++i) {
      const int64_t stride = stage > 0 && i == 0 ? 2 : 1;
      blocks_.push_back(make({fmt::format("layer{}.{}", stage + 1, i), channels, width, out, stride, side}));
      macs_always_ += blocks_.back()->shortcut_macs;
      side = (side - 1) / stride + 1;
      channels = out;
    }
  }
  head_ = Linear(weights, "fc", channels, shape.classes);
  macs_always_ += head_.macs();
}

at::Tensor ResidualTrunk::forward(const at::Tensor& images, Running& running, const Decide& decide) const {
  at::Tensor x = stem_(normalization_(images), running.training).relu_();
  if (has_pooling_) x = at::max_pool2d(x, 3, 2, 1);
  for (size_t i = 0; i < blocks_.size(); ++i) x = run_block(*blocks_[i], x, decide(i, x), running);
  if (has_last_norm_) x = last_norm_(x, running.training).relu_();
  return head_(global_average_pool(x));
}

at::Tensor ResidualTrunk::forward(const at::Tensor& images, bool training) const {
  Running running{.training = training};
  return forward(images, running, [](size_t, const at::Tensor&) { return Factor{}; });
}

int64_t ResidualTrunk::branch_macs() const {
  int64_t sum = 0;
  for (const auto& block : blocks_) sum += block->macs;
  return sum;
}

void ResidualTrunk::fold() {
  stem_.fold();
  for (auto& block : blocks_) block->fold();
}

}  // namespace aigis
