// What ResNets for 32x32 images share, gated or not: normalization, stem, 3 stages of n basic blocks, head
// (He et al. 2015, section 4.2: depth 6n+2; 16, 32 and 64 channels at 32, 16 and 8 pixels).
#pragma once

#include <vector>

#include "models/parts/layers.h"

namespace aigis {

/// What replaces the shortcut where a block changes the shape.
enum class Shortcut {
  conv,      ///< 1x1 convolution with BatchNorm (option B)
  identity,  ///< every second pixel, missing channels zero (option A; no weights)
};

/// Two 3x3 convolutions with BatchNorm: F of equation 2. The ReLU behind the sum belongs to the caller.
class BasicBlock {
 public:
  BasicBlock(Weights& weights, const std::string& name, int64_t in, int64_t out, int64_t side, Shortcut shortcut);
  at::Tensor residual(const at::Tensor& x, bool training) const;
  at::Tensor shortcut(const at::Tensor& x, bool training) const;
  void fold();

  std::string name;
  int64_t in_channels, out_channels;
  int64_t macs;           ///< of the residual branch
  int64_t shortcut_macs;  ///< of the shortcut, which always runs

 private:
  ConvNorm first_, second_, down_;
  int64_t stride_;
  bool has_conv_shortcut_;
};

class CifarTrunk {
 public:
  /// Throws InputError unless depth = 6n+2 and the input is {3, 32, 32}.
  CifarTrunk(Weights& weights, int64_t depth, int64_t classes, const std::vector<int64_t>& input, Shortcut shortcut);

  /// Images in [0, 1] to the input of the first block.
  at::Tensor stem(const at::Tensor& images, bool training) const;
  /// Output of the last block to logits.
  at::Tensor head(const at::Tensor& x) const;
  const std::vector<BasicBlock>& blocks() const { return blocks_; }
  void fold();
  /// Multiply-accumulates of stem, shortcuts and head.
  int64_t macs_always() const;

 private:
  at::Tensor mean_, deviation_;
  ConvNorm stem_;
  std::vector<BasicBlock> blocks_;
  Linear head_;
};

}  // namespace aigis
