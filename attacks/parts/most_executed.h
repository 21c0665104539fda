// What ILFO and GradAuto hand out: the images that execute most of the gated layers, of all that the attack comes by.
#pragma once

#include <ATen/ops/where.h>

#include "attacks/parts/gate_term.h"
#include "lib/eval/norm.h"

namespace aigis {

class MostExecuted {
 public:
  /// `random`: gates draw, and shares are expected ones.
  explicit MostExecuted(bool random) : random_(random) {}

  /// [N]
  at::Tensor share(const Output& output) const { return usual_share(output.gates, random_).detach(); }
  /// [N, C, H, W] with their shares; of equals the first stays.
  void offer(const at::Tensor& images, const at::Tensor& share) {
    const at::Tensor better = share_.defined() ? share.gt(share_) : share.ge(0);
    images_ = images_.defined() ? at::where(per_image(better, images), images, images_) : images;
    share_ = share_.defined() ? at::where(better, share, share_) : share;
  }
  const at::Tensor& images() const { return images_; }

 private:
  bool random_;
  at::Tensor images_, share_;
};

}  // namespace aigis
