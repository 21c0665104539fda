// A network twice, bare and with recorded passes, and what is compared of the two.
#pragma once

#include <ATen/ops/allclose.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "lib/eval/recorded_model.h"
#include "tests/networks.h"

namespace aigis {

constexpr std::array kGateGradients{GateGradient::straight_through, GateGradient::relaxed, GateGradient::fixed_graph,
                                    GateGradient::expectation};

/// Passes are recorded when their kind comes back.
struct Pair {
  explicit Pair(const std::string& spec, at::Device device = at::kCPU, at::ScalarType type = at::kDouble,
                RecordingLimits limits = {.meetings = 2})
      : bare(frozen(spec, device, type)),
        recorded(std::make_shared<RecordedModel>(frozen(spec, device, type), limits)) {}
  static std::shared_ptr<Network> frozen(const std::string& spec, at::Device device, at::ScalarType type) {
    std::shared_ptr<Network> network =
        spec.starts_with("aig") ? build_frozen(spec, {0.3, 0.6, 0.8}) : build_frozen(spec);
    network->move_to(device, type);
    return network;
  }
  std::shared_ptr<Network> bare;
  std::shared_ptr<RecordedModel> recorded;
};

/// What a pass gives, and the gradient of all outputs that have one, or of logits alone.
struct Seen {
  at::Tensor logits, open, gate_logits, probability, gradient;
};

inline Seen seen(Model& model, const at::Tensor& images, const Pass& pass, bool of_gates) {
  const at::Tensor leaf = images.clone().set_requires_grad(true);
  const Output output = model.forward(leaf, pass);
  const Gates& gates = output.gates;
  at::Tensor loss = output.logits.square().sum();
  if (of_gates && gates.any()) {
    loss = loss + (gates.logits * 0.3).sum() + gates.probability.sum();
    if (gates.open.requires_grad()) loss = loss + (gates.open * 0.7).sum();
  }
  loss.backward();
  return {output.logits, gates.open, gates.logits, gates.probability, leaf.grad()};
}

inline bool same(const at::Tensor& one, const at::Tensor& other, double tolerance) {
  if (!one.defined() || !other.defined()) return one.defined() == other.defined();
  return one.requires_grad() == other.requires_grad() &&
         at::allclose(one.detach(), other.detach(), tolerance, tolerance);
}

inline void expect_same(const Seen& one, const Seen& other, double tolerance) {
  EXPECT_TRUE(same(one.logits, other.logits, tolerance));
  EXPECT_TRUE(same(one.open, other.open, tolerance));
  EXPECT_TRUE(same(one.gate_logits, other.gate_logits, tolerance));
  EXPECT_TRUE(same(one.probability, other.probability, tolerance));
  EXPECT_TRUE(same(one.gradient, other.gradient, tolerance));
  EXPECT_GT(one.gradient.abs().sum().item<double>(), 0);
}

}  // namespace aigis
