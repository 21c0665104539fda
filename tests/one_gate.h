// A model whose answer hangs on its only gate alone or on its image alone, and images that open the gate.
#pragma once

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones.h>

#include "lib/core/model.h"
#include "lib/core/philox.h"
#include "lib/data/dataset.h"
#include "tests/toy_model.h"

namespace aigis {

inline constexpr int64_t kImages = 6;

/// What an image's brightness must exceed for a gate that draws to open, between 0 and 1.
inline double drawn_threshold(const Stream& noise, int64_t id) {
  return draw_word(noise.key(), static_cast<uint64_t>(id), 0) / 0x1p32;
}

/// Two classes. The gate opens for images brighter than one half, or of several `draws` than a threshold that it draws.
/// The answer is 1 where `by_gate` the gate is open, else where the image is bright.
class OneGate : public ToyModel {
 public:
  explicit OneGate(bool by_gate, int64_t draws = 1)
      : ToyModel("one-gate", 2, {1, 2, 2}, {{"gate", 10, 1}}), by_gate_(by_gate) {
    card_.gate_mode = draws > 1 ? "sampled" : "argmax";
    card_.has_random_gates = draws > 1;
    card_.draws = draws;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    const at::Tensor score = images.flatten(1).mean(1, true) - 0.5;
    at::Tensor threshold = at::full_like(score, 0.5);
    for (int64_t i = 0; card_.has_random_gates && i < images.size(0); ++i) {
      threshold[i].fill_(drawn_threshold(pass.noise, pass.image_ids[i].item<int64_t>()));
    }
    Output output;
    output.gates.open = pass.graph.defined() ? pass.graph.expand({images.size(0), 1}).to(images.scalar_type())
                                             : (score + 0.5).gt(threshold).to(images.scalar_type());
    output.gates.logits = score;
    const at::Tensor answer = by_gate_ ? output.gates.open - 0.5 : score;
    output.logits = at::cat({-answer, answer}, 1);
    return output;
  }

 private:
  bool by_gate_;
};

inline Dataset bright() {
  Dataset data;
  data.name = "bright";
  data.classes = {"dark", "bright"};
  data.ids = at::arange(kImages, at::TensorOptions(at::kLong)) + 10;
  data.images = at::full({kImages, 1, 2, 2}, 200, at::TensorOptions(at::kByte));
  data.labels = at::ones({kImages}, at::TensorOptions(at::kLong));
  return data;
}

}  // namespace aigis
