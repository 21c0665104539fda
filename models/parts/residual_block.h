// Residual blocks: the branch that a gate may skip, the shortcut that always runs, and how both are joined.
#pragma once

#include <vector>

#include "models/parts/layers.h"

namespace aigis {

/// What replaces the shortcut where a block changes the shape.
enum class Shortcut {
  conv,      ///< 1x1 convolution with BatchNorm (option B)
  identity,  ///< every second pixel, missing channels zero (option A; no weights)
};

/// Where a bottleneck halves the resolution.
enum class StrideAt {
  conv1,  ///< the first 1x1 convolution (He et al. 2016)
  conv2,  ///< the 3x3 convolution (torchvision); costs more, and is a little more accurate
};

struct BlockShape {
  std::string name;   ///< prefix of its weights: "layer1.0"
  int64_t in = 0;     ///< channels
  int64_t width = 0;  ///< channels of the inner convolutions
  int64_t out = 0;
  int64_t stride = 1;
  int64_t side = 0;  ///< rows and columns of its input
};

/// y = join(shortcut(x) + residual(x)); with a gate z, y = join(shortcut(x) + z residual(x)) (ConvNet-AIG, equation 3).
class ResidualBlock {
 public:
  explicit ResidualBlock(BlockShape block_shape) : shape(std::move(block_shape)) {}
  virtual ~ResidualBlock() = default;
  /// What comes before both paths: normalization and ReLU in a pre-activation block, nothing in others.
  virtual at::Tensor activate(const at::Tensor& x, bool) const { return x; }
  /// The branch and the shortcut of activated inputs; the identity shortcut takes the input as it is. To the branch,
  /// `sum` is added where there is one, and may be overwritten.
  virtual at::Tensor residual(const at::Tensor& activated, bool training, const at::Tensor& sum) const = 0;
  virtual at::Tensor shortcut(const at::Tensor& x, const at::Tensor& activated, bool training) const = 0;
  /// What follows the sum; may overwrite it.
  virtual at::Tensor join(const at::Tensor& sum) const = 0;
  /// True if the block gives back its input where its branch is left out.
  virtual bool is_identity_without_branch() const = 0;
  virtual void fold() = 0;

  const BlockShape shape;
  int64_t macs = 0;           ///< of the residual branch
  int64_t shortcut_macs = 0;  ///< of the shortcut, which always runs
};

/// Convolutions with BatchNorm, ReLU between them and behind the sum (He et al., CVPR 2016): two of 3x3 where width
/// equals out, else the bottleneck 1x1, 3x3, 1x1.
class PostActivationBlock : public ResidualBlock {
 public:
  PostActivationBlock(Weights& weights, const BlockShape& shape, Shortcut shortcut, StrideAt stride_at);
  at::Tensor residual(const at::Tensor& activated, bool training, const at::Tensor& sum) const override;
  at::Tensor shortcut(const at::Tensor& x, const at::Tensor& activated, bool training) const override;
  at::Tensor join(const at::Tensor& sum) const override;
  /// The input comes from a ReLU, so that another one changes nothing.
  bool is_identity_without_branch() const override { return !changes_shape_; }
  void fold() override;

 private:
  std::vector<ConvNorm> convs_;
  ConvNorm down_;
  bool changes_shape_, has_conv_shortcut_;
};

/// BatchNorm and ReLU before each of two 3x3 convolutions, nothing behind the sum (He et al., ECCV 2016).
class PreActivationBlock : public ResidualBlock {
 public:
  /// A network's first block, `is_first`, has no activation of its own: the stem's serves both its paths.
  PreActivationBlock(Weights& weights, const BlockShape& shape, bool is_first);
  at::Tensor activate(const at::Tensor& x, bool training) const override;
  at::Tensor residual(const at::Tensor& activated, bool training, const at::Tensor& sum) const override;
  /// A projection sees the activated input, as in the authors' code.
  at::Tensor shortcut(const at::Tensor& x, const at::Tensor& activated, bool training) const override;
  at::Tensor join(const at::Tensor& sum) const override { return sum; }
  bool is_identity_without_branch() const override { return !changes_shape_; }
  void fold() override;

 private:
  BatchNorm norm_;
  ConvNorm first_;
  Conv second_, down_;
  bool is_first_, changes_shape_;
};

}  // namespace aigis
