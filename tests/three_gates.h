// A network of three gates whose every graph can be enumerated.
#pragma once

#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "lib/core/model.h"
#include "lib/data/dataset.h"
#include "lib/ops/gumbel.h"
#include "tests/networks.h"
#include "tests/toy_model.h"

namespace aigis {

/// Three gates that each read one channel's mean; the logit of class 1 is a sum over gates and pairs of gates, times
/// the image's brightness. No gate depends on another, so the expectation over gates can be enumerated.
class ThreeGates : public ToyModel {
 public:
  explicit ThreeGates(bool random, int64_t draws = 1)
      : ToyModel("three-gates", 2, {3, 2, 2}, {{"a", 10, 1}, {"b", 20, 1}, {"c", 30, 1}}) {
    card_.gate_mode = random ? "sampled" : "argmax";
    card_.has_random_gates = random;
    card_.draws = draws;
  }
  static at::Tensor gate_logits(const at::Tensor& images) { return (images.mean({2, 3}) - 0.5) * 4; }
  static at::Tensor answer(const at::Tensor& open, const at::Tensor& images) {
    const at::Tensor a = open.select(1, 0), b = open.select(1, 1), c = open.select(1, 2);
    const at::Tensor score = (a * 1.5 - b * 2 + c * 0.5 + a * c * 2 - 0.4) * (1 + images.mean({1, 2, 3}));
    return at::stack({at::zeros_like(score), score}, 1);
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output;
    output.gates.logits = gate_logits(images);
    at::Tensor noise;
    if (card_.has_random_gates) noise = gate_noise(pass.noise, pass.image_ids, 3);
    output.gates.open = pass.graph.defined()
                            ? pass.graph
                            : decide_gate(output.gates.logits, noise, pass.gate_gradient, pass.temperature);
    output.gates.probability = output.gates.logits.sigmoid();
    output.gates.cost = at::tensor({10.0, 20.0, 30.0}, at::kDouble);
    output.logits = answer(output.gates.open, images);
    return output;
  }
};

/// Images of one class.
inline Batch batch_of(const at::Tensor& images, int64_t label) {
  return {images, at::full({images.size(0)}, label, at::TensorOptions(at::kLong)), ids_of(images.size(0))};
}

}  // namespace aigis
