// The small honest network of planted.h with a gate, and gates that hide what they do.
#pragma once

#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>

#include <vector>

#include "lib/ops/gumbel.h"
#include "tests/planted.h"

namespace aigis {

/// A gate, open for bright images, that makes answers surer.
class Gated : public PatternNet {
 public:
  explicit Gated(double steepness = 100) : steepness_(steepness) {
    card_.gated = {{"gate", 1000, 10}};
    card_.gate_mode = "argmax";
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = PatternNet::forward(images, pass);
    Gates& gates = output.gates;
    gates.logits = (images.mean({1, 2, 3}) - 0.5).unsqueeze(1) * steepness_;
    gates.open = pass.graph.defined() ? pass.graph.expand({images.size(0), 1}) : decide(gates.logits, pass);
    gates.probability = at::sigmoid(gates.logits);
    gates.cost = at::full({1}, 1000, at::TensorOptions(at::kDouble));
    output.logits = output.logits * factor(gates.open);
    return output;
  }

 protected:
  virtual at::Tensor decide(const at::Tensor& logits, const Pass& pass) {
    return decide_gate(logits, {}, pass.gate_gradient, pass.temperature);
  }
  virtual at::Tensor factor(const at::Tensor& open) { return 1 + 0.1 * open; }

 private:
  double steepness_;
};
class DecidesByIndex : public Gated {
  at::Tensor decide(const at::Tensor& logits, const Pass&) override { return logits.gt(0).to(logits.scalar_type()); }
};
/// What is seen through soft gates is the opposite of the answer.
class NeedsHardGates : public Gated {
 public:
  NeedsHardGates() : Gated(1) {}

 private:
  at::Tensor factor(const at::Tensor& open) override { return 1 - 8 * open * (1 - open); }
};
/// Passed straight through, the gate's gradient is so large that steps heed nothing else.
class DrownsFeatures : public Gated {
  at::Tensor decide(const at::Tensor& logits, const Pass& pass) override {
    const at::Tensor open = Gated::decide(logits, pass);
    if (pass.gate_gradient != GateGradient::straight_through) return open;
    const at::Tensor steep = 1e4 * logits;
    return open.detach() + (steep - steep.detach());
  }
};

/// A gate that is a coin and turns a part of the gradient over: what helps against one draw harms against another.
class NoisyGate : public PatternNet {
 public:
  explicit NoisyGate(double loudness = 0.5) : loudness_(loudness) {
    card_.gated = {{"gate", 1000, 10}};
    card_.gate_mode = "sampled";
    card_.has_random_gates = true;
    card_.draws = 5;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    std::vector<float> coins;
    for (int64_t i = 0; i < images.size(0); ++i) {
      const auto id = static_cast<uint64_t>(pass.image_ids[i].item<int64_t>());
      coins.push_back(draw_word(pass.noise.key(), id, 0) % 2 == 0 ? 0.0F : 1.0F);
    }
    Output output = PatternNet::forward(images, pass);
    output.gates.open = pass.graph.defined() ? pass.graph.expand({images.size(0), 1})
                                             : at::tensor(coins).to(images.scalar_type()).unsqueeze(1);
    output.gates.logits = output.gates.open * 0;
    output.gates.probability = output.gates.logits + 0.5;
    output.gates.cost = at::full({1}, 1000, at::TensorOptions(at::kDouble));
    const at::Tensor weight = normal({kClasses, 3 * kSide * kSide}, 3);
    output.logits =
        output.logits + (2 * output.gates.open - 1) * at::linear((images - 0.5).flatten(1), weight) * loudness_;
    return output;
  }

 private:
  double loudness_;
};

}  // namespace aigis
