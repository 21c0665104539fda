// A network of one gate that looks at the mean of all pixels, so that attacks on it have closed forms, and its
// relatives.
#pragma once

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "lib/eval/verdict.h"
#include "lib/ops/gumbel.h"
#include "tests/attacks.h"
#include "tests/toy_model.h"

namespace aigis {

inline constexpr double kThreshold = 0.55, kSlope = 8;
inline constexpr int64_t kSide = 4, kPixels = 3 * kSide * kSide;

/// One gate, open where the mean of all pixels is above a threshold. The answer is class 0 as long as the red channel
/// is brighter than the blue one by `pull` times the mean: brighter images tend to class 1.
class MeanGate : public ToyModel {
 public:
  explicit MeanGate(double pull) : ToyModel("mean-gate", 2, {3, kSide, kSide}, {{"layer", 100, 1}}), pull_(pull) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    const at::Tensor mean = images.mean({1, 2, 3}), delta = (mean - kThreshold) * kSlope;
    Output output;
    const at::Tensor redness = (images.select(1, 0) - images.select(1, 2)).mean({1, 2});
    output.logits = at::stack({redness * 5, mean * pull_}, 1);
    output.gates.logits = delta.unsqueeze(1);
    output.gates.open = decide_gate(delta, {}, pass.gate_gradient).unsqueeze(1);
    output.gates.probability = output.gates.logits.sigmoid();
    output.gates.cost = at::full({1}, 100.0, at::TensorOptions(at::kDouble));
    return output;
  }

 private:
  double pull_;
};

/// MeanGate whose answer is the state of its gate alone.
class DecidingGate : public MeanGate {
 public:
  DecidingGate() : MeanGate(0) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = MeanGate::forward(images, pass);
    if (pass.graph.defined()) output.gates.open = pass.graph;
    const at::Tensor open = output.gates.open.select(1, 0);
    output.logits = at::stack({1 - open, open}, 1) + images.mean({1, 2, 3}).unsqueeze(1) * 1e-3;
    return output;
  }
};

/// MeanGate whose gate draws, and whose answer is what it drew: the pull of its image is not heeded.
class DrawingGate : public MeanGate {
 public:
  DrawingGate() : MeanGate(0) { card_.has_random_gates = true; }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = MeanGate::forward(images, pass);
    const at::Tensor noise = gate_noise(pass.noise, pass.image_ids, 1).select(1, 0);
    const at::Tensor open = decide_gate(output.gates.logits.select(1, 0), noise, pass.gate_gradient);
    output.gates.open = open.unsqueeze(1);
    output.logits = at::stack({1 - open, open}, 1);
    return output;
  }
};

/// MeanGate whose answer is class 1 as soon as its gate is open by more than `bar`: a soft gate gets there earlier than
/// a hard one, or later.
class BarredGate : public MeanGate {
 public:
  explicit BarredGate(double bar) : MeanGate(0), bar_(bar) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = MeanGate::forward(images, pass);
    const at::Tensor open = output.gates.open.select(1, 0);
    output.logits = at::stack({at::full_like(open, bar_), open}, 1);
    return output;
  }

 private:
  double bar_;
};

/// MeanGate whose gate opens a good deal later than its logit says, as one does that adds noise of its own.
class LateGate : public MeanGate {
 public:
  LateGate() : MeanGate(0) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = MeanGate::forward(images, pass);
    output.gates.open = decide_gate(output.gates.logits - 1, {}, pass.gate_gradient);
    return output;
  }
};

/// MeanGate that leans to class 0 in every pass that a gradient is taken of.
class RoundedGate : public MeanGate {
 public:
  RoundedGate() : MeanGate(1.15) { card_.rounds_gradients = true; }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = MeanGate::forward(images, pass);
    if (images.requires_grad()) output.logits = output.logits + at::tensor({0.05, 0.0}, at::kDouble);
    return output;
  }
};

/// Grey images with a little red in them.
inline Batch images_of(double level) {
  at::Tensor images = at::full({2, 3, kSide, kSide}, level, at::TensorOptions(at::kDouble));
  images.select(1, 0).add_(0.06);
  images.select(1, 2).sub_(0.06);
  return {images, at::zeros({2}, at::TensorOptions(at::kLong)), at::arange(2, at::TensorOptions(at::kLong))};
}

inline Output after(MeanGate& model, const std::string& attack, const Batch& batch, Norm norm, double epsilon) {
  Victim victim(model, 0);
  const at::Tensor x = make_attack(attack)->propose(victim, batch, norm, {epsilon})[0];
  EXPECT_EQ(admit(batch.images, x, norm, epsilon).over_budget, 0);
  return model.forward(x, {});
}

}  // namespace aigis
