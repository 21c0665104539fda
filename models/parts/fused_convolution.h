// A convolution whose weights no longer change, and the sum that follows it.
#pragma once

#include "lib/core/tensor.h"

namespace aigis {

/// Adds `sum` to y in place, where there is one.
inline at::Tensor add_onto(const at::Tensor& y, const at::Tensor& sum) { return sum.defined() ? y.add_(sum) : y; }

/// add_onto(convolution(x) + bias, sum). In float32, on a CPU and without a gradient, oneDNN's kernels add the sum
/// while a result is still in a register, with weights that are packed once. The bits are the same either way. A ReLU
/// stays apart: theirs makes 0 of NaN, which would hide that a network has no answer.
class FusedConvolution {
 public:
  FusedConvolution() = default;
  FusedConvolution(const at::Tensor& weight, at::Tensor bias, int64_t stride, int64_t padding);
  bool defined() const { return weight_.defined(); }
  /// `sum` may be overwritten, and its memory be the result's.
  at::Tensor operator()(const at::Tensor& x, at::Tensor sum) const;

 private:
  bool can_fuse(const at::Tensor& x, const at::Tensor& sum) const;

  at::Tensor weight_, bias_;
  at::Tensor packed_weight_;  ///< in oneDNN's own layout; undefined where nothing is fused
  int64_t stride_ = 1, padding_ = 0;
};

}  // namespace aigis
