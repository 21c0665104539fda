// Of all iterates of an attack, which one is handed out: one whose answer is as wanted before one that stands, and
// among those the one that is worth most.
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <fmt/format.h>

#include <cmath>

#include "attacks/parts/gate_term.h"
#include "attacks/parts/objective.h"
#include "tests/mean_gate.h"
#include "tests/networks.h"

namespace aigis {
namespace {

TEST(BestIterate, HasTheGreatestLossOfAll) {
  const auto net = build_frozen("resnet-8");
  const Batch batch{random_images(3), at::arange(3, at::TensorOptions(at::kLong)), ids_of(3)};
  const auto run = [&](const std::string& text) {
    Victim victim(*net, 5);
    return make_attack(text)->propose(victim, batch, Norm::linf, {0.05})[0];
  };
  const auto loss = [&](const at::Tensor& x) {
    return loss_value(LossKind::cross_entropy, net->forward(x, {}).logits, {batch.labels, {}, {}});
  };
  at::Tensor best = loss(batch.images);
  for (int steps = 1; steps <= 4; ++steps) {
    best = at::maximum(best, loss(run(fmt::format("bim:step_size=0.05,stop=false,steps={}", steps))));
  }
  EXPECT_TRUE(at::allclose(loss(run("bim:step_size=0.05,steps=4,keep=best,stop=false")), best, 1e-12, 1e-12));
}

// Gradients of NI, SI, DI and EMI are taken elsewhere; what counts is the loss where the iterates are.
TEST(BestIterate, HasTheGreatestLossWhereverGradientsAreTaken) {
  const auto net = build_frozen("resnet-8");
  const Batch batch{random_images(3), at::arange(3, at::TensorOptions(at::kLong)), ids_of(3)};
  const auto loss = [&](const std::string& text) {
    Victim victim(*net, 5);
    const at::Tensor x = make_attack(text)->propose(victim, batch, Norm::linf, {0.05})[0];
    return loss_value(LossKind::cross_entropy, net->forward(x, {}).logits, {batch.labels, {}, {}});
  };
  for (const std::string attack : {"ni-fgsm", "si-ni-fgsm", "di-fgsm", "emi-fgsm", "vni-fgsm"}) {
    const std::string options = ":step_size=0.03,stop=false,steps=";
    at::Tensor best =
        loss_value(LossKind::cross_entropy, net->forward(batch.images, {}).logits, {batch.labels, {}, {}});
    for (int steps = 1; steps <= 4; ++steps) {
      best = at::maximum(best, loss(fmt::format("{}{}{}", attack, options, steps)));
    }
    EXPECT_TRUE(at::allclose(loss(attack + options + "4,keep=best"), best, 1e-12, 1e-12)) << attack;
  }
}

// The best of iterates is the best in the mean over draws, the last among them: one lucky draw does not count.
TEST(BestIterate, TheLastIsJudgedByAsManyDraws) {
  const auto net = build_frozen("aig-8:gates=sampled");
  const Batch batch{random_images(2), at::arange(2, at::TensorOptions(at::kLong)), ids_of(2)};
  Victim one(*net, 5), many(*net, 5);
  make_attack("bim:steps=3,keep=best,stop=false")->propose(one, batch, Norm::linf, {0.05});
  make_attack("bim:steps=3,keep=best,stop=false,draws=4")->propose(many, batch, Norm::linf, {0.05});
  EXPECT_EQ(one.audit().forward, 2 * (3 + 1));
  EXPECT_EQ(many.audit().forward, 2 * (3 * 4 + 4));
}

/// Three classes: class 1 leads where the mean of all pixels is from 0.52 to 0.58. Beyond that all three are nearly
/// tied, class 0 ahead, and cross-entropy is greater than where it is wrong.
class WrongOnTheWay : public MeanGate {
 public:
  WrongOnTheWay() : MeanGate(0) { card_.classes = 3; }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = MeanGate::forward(images, pass);
    const at::Tensor mean = images.mean({1, 2, 3});
    const at::Tensor second = at::where(mean.ge(0.52).logical_and(mean.le(0.58)), at::full_like(mean, 0.1), -0.1);
    output.logits = at::stack({at::zeros_like(mean), second, ((mean - 0.62) * 10).clamp_max(-0.02)}, 1);
    return output;
  }
};

TEST(BestIterate, IsABrokenOneBeforeTheGreatestLoss) {
  WrongOnTheWay model;
  const Batch batch = images_of(0.5);
  const auto lost = [&](const std::string& attack) {
    return after(model, attack, batch, Norm::linf, 0.15).logits.argmax(1).ne(0).sum().item<int64_t>();
  };
  EXPECT_EQ(lost("bim:steps=3,step_size=0.05,stop=false"), 0) << "it ends where class 0 leads again";
  EXPECT_EQ(lost("bim:steps=3,step_size=0.05,stop=false,keep=best"), 2);
}

/// The gate opens at 0.55, and with it open the answer is class 1 until the image is bright.
class WrongWhileItOpens : public MeanGate {
 public:
  WrongWhileItOpens() : MeanGate(0) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = MeanGate::forward(images, pass);
    if (pass.graph.defined()) output.gates.open = pass.graph;
    const at::Tensor wrong = output.gates.open.select(1, 0) * images.mean({1, 2, 3}).lt(0.65);
    output.logits = at::stack({1 - wrong, wrong}, 1);
    return output;
  }
};

TEST(BestIterate, OfGateFlipIsABrokenOneBeforeTheSurestGraph) {
  WrongWhileItOpens model;
  const Output found = after(model, "gate-flip", images_of(0.5), Norm::linf, 0.3);
  EXPECT_EQ(found.gates.open.sum().item<double>(), 2);
  EXPECT_EQ(found.logits.argmax(1).sum().item<int64_t>(), 2) << "surer gates have right answers";
}

TEST(BestIterate, HoldsFirstThenReachesThenIsWorthMost) {
  const auto row = [](std::initializer_list<double> values) { return at::tensor(at::ArrayRef<double>(values)); };
  //                 holds less        reaches less      worth less        equal             not a number
  const Worth some{row({2, 5, 5, 5, 5}), row({2, 1, 1, 1, 1}), row({9, 9, 3, 4, NAN})},
      best{row({5, 5, 5, 5, 5}), row({1, 2, 1, 1, 1}), row({0, 0, 4, 4, 4})};
  EXPECT_FALSE(some.exceeds(best).any().item<bool>());
  EXPECT_TRUE(at::equal(best.exceeds(some), at::tensor({1, 1, 1, 0, 0}, at::kLong).to(at::kBool)));
  Worth sum = best;
  sum += best;
  EXPECT_EQ(sum.holds.sum().item<double>(), 50);
}

/// Nearly both gates open is a greater margin than one open and one far from it, and less work.
TEST(BestIterate, OfGatesIsTheOneThatExecutesMost) {
  Gates gates;
  gates.logits = at::tensor({0.1, -3.0, -0.05, -1.0}, at::kDouble).view({2, 2});
  gates.open = gates.logits.gt(0).to(at::kDouble);
  gates.cost = at::tensor({1.0, 1.0}, at::kDouble);
  const GateMargin open(GateStates::open, 0.95), shut(GateStates::shut, 0.95), wanted(GateStates::wanted, 0.95);
  const auto lead = [](const at::Tensor& of_two) { return (of_two[0] - of_two[1]).item<double>(); };
  EXPECT_LT(lead(open.value(gates, {})), 0);
  EXPECT_NEAR(lead(open.worth(gates, {})), 0.5, 1e-3);
  EXPECT_NEAR(lead(shut.worth(gates, {})), -0.5, 1e-3);
  Goal goal;
  goal.graph = at::tensor({1.0, 0.0, 1.0, 0.0}, at::kDouble).view({2, 2});
  EXPECT_NEAR(lead(wanted.worth(gates, goal)), 0.5, 1e-3);
  goal.random = true;  // what runs is a draw, what counts is expected
  const auto p = [](double d) { return 1 / (1 + std::exp(-d)); };
  EXPECT_NEAR(lead(open.worth(gates, goal)), (p(0.1) + p(-3) - p(-0.05) - p(-1)) / 2, 1e-3);
}

/// All gates are as wanted and the answer is lost, after many steps at which it was not: what is left to want is the
/// answer, and that must have a gradient.
TEST(BestIterate, ALabelThatIsLostPullsWhereGatesHaveNoMore) {
  MeanGate model(1.15);
  const Batch batch = images_of(0.95);
  ASSERT_EQ(model.forward(batch.images, {}).logits.argmax(1).sum().item<int64_t>(), 2);
  ObjectiveOptions options;
  options.answer_weight = 0;
  options.wants_answer = false;
  options.term = std::make_shared<GateMargin>(GateStates::open, 0.9);
  options.constraint = std::make_shared<KeepAnswer>(0.1);
  Goal goal;
  goal.labels = goal.answers = batch.labels;
  goal.weight = at::full({2}, 1.0, at::TensorOptions(at::kDouble));
  for (int step = 0; step < 5; ++step) goal.weight = reweighed(goal.weight, at::full_like(goal.weight, -2));
  Victim victim(model, 0);
  const Ascended step = ascent_direction(victim, batch.images, batch.ids, goal, options, {});
  EXPECT_FALSE(step.flat.any().item<bool>());
  EXPECT_GT(step.violation.min().item<double>(), 0);
}

}  // namespace
}  // namespace aigis
