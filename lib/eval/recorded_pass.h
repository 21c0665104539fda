// Passes of one kind through a frozen model, recorded forwards and backwards in the manner of
// torch.cuda.make_graphed_callables: what goes in is copied to where the recording reads it, and what comes out is
// copied from where the recording leaves it.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "lib/core/model.h"
#include "lib/ops/recording.h"

namespace aigis {

class RecordedPass : public std::enable_shared_from_this<RecordedPass> {
 public:
  /// Records what `model` does with such images and such a pass. Its noise must be drawn, for a recording draws none.
  /// With a gradient if one would be kept now. Recordings with a gradient that share a pool must do one pass, forwards
  /// and backwards, after the other.
  RecordedPass(Model& model, const at::Tensor& images, const Pass& pass, std::shared_ptr<RecordingPool> pool);

  /// The same with other images, noise and graph, all of the same shapes. As often as wanted a backward pass may
  /// follow, until another pass of the pool; after that it throws RunError.
  Output forward(const at::Tensor& images, const Pass& pass);

 private:
  struct Replay;

  void run_forward();
  /// The gradient of the images by the first `outputs` of the outputs.
  at::Tensor run_backward(size_t outputs) const;

  std::vector<at::Tensor> replay_forward(const at::Tensor& images, const Pass& pass);
  at::Tensor replay_backward(const std::vector<at::Tensor>& slopes) const;

  Model& model_;
  std::shared_ptr<RecordingPool> pool_;
  bool keeps_gradient_;
  at::Tensor images_;  ///< a leaf of autograd
  Pass pass_;
  std::vector<at::Tensor> outputs_;  ///< logits, then the gates' open, logits and probability
  std::vector<bool> differentiable_;
  at::Tensor cost_;                      ///< of the gates
  std::vector<at::Tensor> slopes_;       ///< of the outputs
  std::array<at::Tensor, 2> gradients_;  ///< by logits alone, without slopes of the gates' outputs; by all outputs
  std::unique_ptr<Recording> recording_;
};

}  // namespace aigis
