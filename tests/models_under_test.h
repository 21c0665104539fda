// Small models whose behaviour is known in closed form, for tests of attacks and verdicts.
#pragma once

#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include "lib/core/model.h"
#include "tests/toy_model.h"

namespace aigis {

/// Two classes: logits (0, w.x + b) on flattened images. The least Linf perturbation that turns x is |w.x + b| / |w|_1,
/// as long as the box [0, 1] does not bind.
class LinearModel : public ToyModel {
 public:
  LinearModel(at::Tensor weight, double bias)
      : ToyModel("linear", 2, weight.sizes().vec()), weight_(std::move(weight)), bias_(bias) {}
  Output forward(const at::Tensor& images, const Pass&) override {
    const at::Tensor score = (images * weight_).flatten(1).sum(1) + bias_;
    return {at::stack({at::zeros_like(score), score}, 1), {}};
  }
  bool is_training() const override { return training; }

  bool training = false;

 private:
  at::Tensor weight_;
  double bias_;
};

}  // namespace aigis
