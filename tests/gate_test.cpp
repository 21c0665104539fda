// One gate: its draw, its gradient, its folding; and what its training is rewarded for.
#include "models/parts/gate.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lib/ops/gumbel.h"
#include "tests/networks.h"

namespace aigis {
namespace {

TEST(GumbelGate, OpensWithTheProbabilityOfItsLogit) {
  constexpr int64_t kDraws = 100'000;
  const at::Tensor ids = at::arange(kDraws, at::TensorOptions(at::kLong));
  const at::Tensor noise = gate_noise({1, Purpose::verdict_gates}, ids, 5);
  int64_t layer = 0;
  for (const double logit : {-3.0, -0.5, 0.0, 1.735, 4.0}) {
    const double expected = 1 / (1 + std::exp(-logit));
    const at::Tensor open = decide_gate(at::full({kDraws}, logit, at::TensorOptions(at::kDouble)),
                                        noise.select(1, layer++), GateGradient::fixed_graph);
    // five standard errors: one false alarm in two million
    EXPECT_NEAR(open.mean().item<double>(), expected, 5 * std::sqrt(expected * (1 - expected) / kDraws)) << logit;
  }
}

TEST(GumbelGate, GradientIsThatOfTheRelaxedGate) {
  const at::Tensor ids = at::arange(50, at::TensorOptions(at::kLong));
  const at::Tensor noise = gate_noise({2, Purpose::verdict_gates}, ids, 1).select(1, 0);
  at::Tensor logits = (at::arange(50, at::TensorOptions(at::kDouble)) / 10 - 2.5).set_requires_grad(true);
  const at::Tensor open = decide_gate(logits, noise, GateGradient::straight_through);
  EXPECT_TRUE(at::equal(open.detach(), (logits + noise).detach().gt(0).to(at::kDouble)));
  open.sum().backward();
  // numerical derivative of sigmoid(logits + noise) in float64
  constexpr double h = 1e-6;
  const at::Tensor numerical = ((logits + noise + h).sigmoid() - (logits + noise - h).sigmoid()).detach() / (2 * h);
  EXPECT_TRUE(at::allclose(logits.grad(), numerical, 1e-7, 1e-9));
}

// In float64 and as one pass over float32 inputs, in both layouts; 143 pixels are more than one run of its sums.
TEST(Gate, FoldedIsTheSame) {
  for (const bool norm : {false, true}) {
    Weights weights(5, true);
    Gate gate(weights, "gate", 19, {.hidden = 13, .norm = norm});
    auto generator = at::detail::createCPUGenerator(11);
    const auto disturb = [&](const NamedTensors& tensors) {
      for (const auto& [name, tensor] : tensors) tensor.detach().copy_(at::rand(tensor.sizes(), generator) + 0.1);
    };
    disturb(weights.trainable());
    disturb(weights.statistics());
    weights.freeze();
    const at::Tensor x = at::rand({6, 19, 13, 11}, generator) - 0.3;
    const at::Tensor last = x.contiguous(at::MemoryFormat::ChannelsLast);

    weights.move_to(at::kCPU, at::kDouble);
    const at::Tensor expected = gate.logits(x.to(at::kDouble), false);
    gate.fold();
    EXPECT_TRUE(at::allclose(gate.logits(x.to(at::kDouble), false), expected, 1e-12, 1e-12)) << norm;
    weights.move_to(at::kCPU, at::kFloat);
    gate.fold();
    for (const auto& input : {x, last, x.slice(0, 0, 0), x.slice(2, 1, 8)}) {  // the last lies in no plain rows
      const at::Tensor wanted = input.size(0) == 0           ? expected.slice(0, 0, 0)
                                : input.size(2) == x.size(2) ? expected
                                                             : gate.logits(input.contiguous(), false).to(at::kDouble);
      EXPECT_TRUE(at::allclose(gate.logits(input, false).to(at::kDouble), wanted, 1e-5, 1e-5)) << norm;
    }
    EXPECT_TRUE(at::equal(gate.logits(last.slice(0, 2, 3), false), gate.logits(last, false).slice(0, 2, 3)));
    at::Tensor with_gradient = x.clone().set_requires_grad(true);
    EXPECT_TRUE(gate.logits(with_gradient, false).requires_grad());
  }
}

TEST(Aig, StartsOpenAtTheProbabilityOfThePaper) {
  const auto net = build("aig-20");
  const Output output = net->forward(random_images(8).to(at::kFloat), {{0, Purpose::training_gates}, ids_of(8)});
  EXPECT_NEAR(output.gates.logits.mean().item<double>(), std::log(0.85 / 0.15), 0.02);
  EXPECT_TRUE(at::allclose(output.gates.probability, output.gates.logits.sigmoid()));
  EXPECT_EQ(output.gates.cost.numel(), 9);
}

TEST(Aig, RateLossByHand) {
  Output output;
  output.gates.open = at::full({4, 3}, 1.0);
  output.gates.open.select(1, 0).slice(0, 0, 3).fill_(0);  // rates .25, 1 and 1
  const auto loss = [&](const std::string& options) {
    return build("aig-8:" + options)->penalty(output).item<double>();
  };
  const double sum = 0.45 * 0.45 + 2 * 0.3 * 0.3;
  EXPECT_NEAR(loss("target_rate=0.7"), sum, 1e-6);
  EXPECT_NEAR(loss("target_rate=0.7,rate_loss=mean,rate_weight=2"), sum * 2 / 3, 1e-6);
  EXPECT_NEAR(loss("target_rates=0.5:0.9:0.7"), 0.25 * 0.25 + 0.1 * 0.1 + 0.3 * 0.3, 1e-6);
  output.gates.open = output.gates.open.slice(1, 0, 2);  // a layer that always runs has no rate to be drawn to
  EXPECT_NEAR(loss("target_rates=0.5:1:0.9"), 0.25 * 0.25 + 0.1 * 0.1, 1e-6);
}

// Probabilities .9 and .1 tell two images apart: H(.5) - H(.9) nats. The same coin for both tells nothing.
TEST(Aig, InformationIsRewarded) {
  Output output;
  output.gates.open = at::full({2, 3}, 1.0);
  output.gates.probability =
      at::tensor({0.9, 0.7, 0.5, 0.1, 0.7, 0.5}, at::kDouble).view({2, 3}).set_requires_grad(true);
  const double entropy = -(0.9 * std::log(0.9) + 0.1 * std::log(0.1));
  const auto net = build("aig-8:target_rate=0.7,information_weight=0.6");
  const at::Tensor loss = net->penalty(output);
  EXPECT_NEAR(loss.item<double>(), 3 * 0.3 * 0.3 - 0.6 * (std::log(2.0) - entropy) / 3, 1e-6);
  loss.backward();
  // d/dp_i of H(mean p) - mean H(p) is (log((1-m)/m) - log((1-p_i)/p_i)) / 2, which pushes .9 up and .1 down.
  const at::Tensor given = output.gates.probability.grad();
  EXPECT_NEAR(given[0][0].item<double>(), -0.6 / 3 * std::log(9.0) / 2, 1e-5);
  EXPECT_NEAR(given[1][0].item<double>(), 0.6 / 3 * std::log(9.0) / 2, 1e-5);
  EXPECT_NEAR(given.slice(1, 1).abs().max().item<double>(), 0, 1e-6);
}

}  // namespace
}  // namespace aigis
