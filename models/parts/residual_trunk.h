// What residual networks share, gated or not: normalization, stem, stages of blocks, head.
//
// Depth 6n+2 is for images of 32x32 pixels (He et al., CVPR 2016, section 4.2: 16, 32 and 64 channels at 32, 16 and 8
// pixels); 18, 34, 50, 101 and 152 are for those of ImageNet (section 3.3 and table 1; bottlenecks from 50 on).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "lib/core/options.h"
#include "models/parts/residual_block.h"
#include "models/parts/run_block.h"
#include "models/parts/weighted_network.h"

namespace aigis {

struct TrunkOptions {
  Shortcut shortcut = Shortcut::conv;
  StrideAt stride_at = StrideAt::conv2;
  void bind(OptionTable& table);
};

/// Number and kind of a network's blocks.
struct TrunkPlan {
  std::vector<int64_t> blocks;  ///< of each stage
  bool is_imagenet = false;     ///< 7x7 stem with pooling, four stages from 64 channels on
  bool is_bottleneck = false;
};

/// Throws InputError for a depth that does not exist; says which do.
TrunkPlan plan_trunk(int64_t depth);

class ResidualTrunk {
 public:
  /// What the residual branch of block `index` is multiplied with, given the block's input.
  using Decide = std::function<Factor(size_t index, const at::Tensor& input)>;

  /// Post-activation blocks. Throws InputError unless the input is {3, 32, 32}, or for ImageNet's depths {3, S, S} with
  /// S >= 32.
  ResidualTrunk(Weights& weights, const NetworkShape& shape, const TrunkOptions& options);
  /// Pre-activation blocks (He et al., ECCV 2016), depth 6n+2.
  struct PreActivation {};
  ResidualTrunk(Weights& weights, const NetworkShape& shape, PreActivation);

  /// Images in [0, 1] to logits.
  at::Tensor forward(const at::Tensor& images, Running& running, const Decide& decide) const;
  /// The same with a branch in every block.
  at::Tensor forward(const at::Tensor& images, bool training) const;

  const std::vector<std::unique_ptr<ResidualBlock>>& blocks() const { return blocks_; }
  void fold();
  /// Multiply-accumulates of stem, shortcuts and head.
  int64_t macs_always() const { return macs_always_; }
  /// Multiply-accumulates of all residual branches.
  int64_t branch_macs() const;

 private:
  using MakeBlock = std::function<std::unique_ptr<ResidualBlock>(const BlockShape&)>;
  void build(Weights& weights, const NetworkShape& shape, const TrunkPlan& plan, const MakeBlock& make);

  Normalization normalization_;
  ConvNorm stem_;
  bool has_pooling_ = false;
  std::vector<std::unique_ptr<ResidualBlock>> blocks_;
  BatchNorm last_norm_;  ///< of pre-activation networks
  bool has_last_norm_ = false;
  Linear head_;
  int64_t macs_always_ = 0;
};

}  // namespace aigis
