// Papers' baselines that want the executed cost, or see gates as they may become.
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "tests/attacks.h"
#include "tests/three_gates.h"
#include "tests/toy_model.h"

namespace aigis {
namespace {

TEST(GateBaselines, OpenGates) {
  ThreeGates model(false);
  const Batch batch = batch_of(at::full({2, 3, 2, 2}, 0.44, at::TensorOptions(at::kDouble)), 0);
  for (const char* attack : {"gradauto", "ilfo", "gate-lowfreq"}) {
    Victim victim(model, 0);
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {0.1})[0];
    EXPECT_EQ(model.forward(x, {}).gates.open.sum().item<double>(), 6) << attack;
  }
}

/// Class 1 needs both gates open: while one is shut, the hard network's gradient says nothing for the other.
class BothGates : public ToyModel {
 public:
  BothGates() : ToyModel("both-gates", 2, {3, 2, 2}, {{"a", 1, 1}, {"b", 1, 1}}) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output;
    output.gates.logits = (images.mean({2, 3}).slice(1, 0, 2) - 0.5) * 4;
    output.gates.open = decide_gate(output.gates.logits, {}, pass.gate_gradient);
    output.gates.probability = output.gates.logits.sigmoid();
    output.gates.cost = at::tensor({1.0, 1.0}, at::kDouble);
    const at::Tensor both = output.gates.open.prod(1);
    output.logits = at::stack({at::full_like(both, 0.5), both}, 1);
    return output;
  }
};

TEST(Lgm, ForeseesWhatOpensTogether) {
  BothGates model;
  const Batch batch = batch_of(at::full({2, 3, 2, 2}, 0.45, at::TensorOptions(at::kDouble)), 0);
  const auto changed = [&](const std::string& attack) {
    Victim victim(model, 0);
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {0.06})[0];
    return model.forward(x, {}).logits.argmax(1).sum().item<int64_t>();
  };
  EXPECT_EQ(changed("bim"), 0) << "through hard gates";
  EXPECT_EQ(changed("lgm"), 2);
}

/// Gate a opens as the first channel grows, and gate b shuts as that leaves the second behind.
class RivalGates : public BothGates {
 public:
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = BothGates::forward(images, pass);
    const at::Tensor means = images.mean({2, 3}), first = means.select(1, 0), second = means.select(1, 1);
    output.gates.logits = at::stack({(first - 0.6) * 4, (second - first + 0.05) * 4}, 1);
    output.gates.open = decide_gate(output.gates.logits, {}, pass.gate_gradient);
    output.gates.probability = output.gates.logits.sigmoid();
    return output;
  }
};

/// To open a the first channel alone would do, and b would shut half way. Without what it has against b, the gradient
/// moves the second channel as far.
TEST(GradAuto, OpensNoGateAtTheCostOfAnother) {
  RivalGates model;
  const Batch batch = batch_of(at::full({2, 3, 2, 2}, 0.5, at::TensorOptions(at::kDouble)), 0);
  ASSERT_EQ(model.forward(batch.images, {}).gates.open.sum().item<double>(), 2) << "b of each";
  Victim victim(model, 0);
  const at::Tensor x = make_attack("gradauto:steps=12,step_size=0.01")->propose(victim, batch, Norm::linf, {0.2})[0];
  EXPECT_EQ(model.forward(x, {}).gates.open.sum().item<double>(), 4);
  const at::Tensor added = (x - batch.images).mean({2, 3});
  EXPECT_NEAR((added.select(1, 0) - added.select(1, 1)).abs().max().item<double>(), 0, 1e-6);
  EXPECT_EQ(added.select(1, 2).abs().max().item<double>(), 0);
  EXPECT_EQ(victim.audit().forward, 2 * (12 + 1)) << "both gradients of a step are of one pass";
  EXPECT_EQ(victim.audit().backward, 2 * 2 * 12);
}

/// Gate a opens as the first channel grows, its probability ever faster; b is open.
class SteepGate : public BothGates {
 public:
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = BothGates::forward(images, pass);
    const at::Tensor means = images.mean({2, 3});
    output.gates.logits = at::stack({(means.select(1, 0) - 0.595) * 40, (means.select(1, 1) - 0.2) * 40}, 1);
    output.gates.open = decide_gate(output.gates.logits, {}, pass.gate_gradient);
    output.gates.probability = output.gates.logits.sigmoid();
    return output;
  }
};

/// Gradients of length 1 in one direction take Adam by one step size each time.
TEST(GradAuto, StepsAsFarWhateverTheSlope) {
  SteepGate model;
  const Batch batch = batch_of(at::full({2, 3, 2, 2}, 0.5, at::TensorOptions(at::kDouble)), 0);
  Victim victim(model, 0);
  const at::Tensor x = make_attack("gradauto:steps=12,step_size=0.01")->propose(victim, batch, Norm::linf, {0.2})[0];
  const at::Tensor added = (x - batch.images).mean({2, 3});
  EXPECT_NEAR(added.select(1, 0).min().item<double>(), 0.1, 1e-6) << "the first iterate beyond 0.595";
  EXPECT_NEAR(added.select(1, 0).max().item<double>(), 0.1, 1e-6);
}

/// Gate a opens soon, and gate b far away.
class NearAndFar : public BothGates {
 public:
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = BothGates::forward(images, pass);
    const at::Tensor means = images.mean({2, 3});
    output.gates.logits = at::stack({(means.select(1, 0) - 0.52) * 20, (means.select(1, 1) - 0.8) * 4}, 1);
    output.gates.open = decide_gate(output.gates.logits, {}, pass.gate_gradient);
    output.gates.probability = output.gates.logits.sigmoid();
    return output;
  }
};

/// Both gates are open only far outside the small ball, and projected into it that image opens neither. On the way
/// there an image inside opens a.
TEST(Ilfo, JudgesImagesWithinTheBudget) {
  NearAndFar model;
  const Batch batch = batch_of(at::full({2, 3, 2, 2}, 0.5, at::TensorOptions(at::kDouble)), 0);
  const double small = 0.08, large = 1.5;
  Victim victim(model, 0);
  const auto found = make_attack("ilfo:balance=100")->propose(victim, batch, Norm::l2, {small, large});
  const auto opened = [&](const at::Tensor& images) {
    return model.forward(images, {}).gates.open.sum(0).to(at::kLong);
  };
  EXPECT_TRUE(at::equal(opened(found[1]), at::tensor({2, 2}, at::kLong)));
  EXPECT_TRUE(at::equal(opened(within(batch.images, found[1], Norm::l2, small)), at::tensor({0, 0}, at::kLong)));
  EXPECT_TRUE(at::equal(opened(found[0]), at::tensor({2, 0}, at::kLong)));
  EXPECT_LE(sizes_of(found[0] - batch.images, Norm::l2).max().item<double>(), small);
  // 300 steps and the last look, and one more for each budget.
  EXPECT_EQ(victim.audit().forward, 2 * (300 + 1 + 2));
  EXPECT_EQ(victim.audit().aside, 2 * 2);
}

}  // namespace
}  // namespace aigis
