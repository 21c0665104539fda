// Attacks on gates: their terms by hand, optima in closed form, and costs that stay.
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/gate_term.h"
#include "attacks/parts/objective.h"
#include "lib/core/error.h"
#include "lib/data/dataset.h"
#include "models/checkpoint.h"
#include "tests/mean_gate.h"
#include "tests/networks.h"

namespace aigis {
namespace {

/// To move the mean of all pixels by d takes d in Linf, d sqrt(n) in L2 and d n in L1. The defaults' 40 steps come
/// within 1 % of that.
TEST(GateMargins, ReachTheClosedForm) {
  MeanGate model(0);
  for (const auto& [attack, level, open] : {std::tuple{"gate-sloth", 0.5, 1.0},
                                            {"gate-sloth:steps=200", 0.5, 1.0},
                                            {"gate-starve", 0.6, 0.0},
                                            {"gate-starve:steps=200", 0.6, 0.0}}) {
    const Batch batch = images_of(level);
    const double distance = std::abs(level - kThreshold);
    for (const auto& [norm, unit] : {std::pair{Norm::linf, 1.0},
                                     {Norm::l2, std::sqrt(static_cast<double>(kPixels))},
                                     {Norm::l1, static_cast<double>(kPixels)}}) {
      const auto opened = [&](double share) {
        return after(model, attack, batch, norm, share * distance * unit).gates.open.mean().item<double>();
      };
      EXPECT_EQ(opened(0.99), 1 - open) << attack << norm_name(norm);
      EXPECT_EQ(opened(1.01), open) << attack << norm_name(norm);
    }
  }
}

TEST(GateTerms, ByHand) {
  Gates gates;
  gates.logits = at::tensor({2.0, -1.0, 0.5, 4.0}, at::kDouble).view({2, 2});
  gates.open = gates.logits.gt(0).to(at::kDouble);
  gates.cost = at::tensor({30.0, 10.0}, at::kDouble);
  const double k = std::log(0.9 / 0.1);
  const at::Tensor open = GateMargin(GateStates::open, 0.9).value(gates, {}),
                   shut = GateMargin(GateStates::shut, 0.9).value(gates, {});
  EXPECT_NEAR(open[0].item<double>(), -(0.75 * (k - 2) + 0.25 * (k + 1)), 1e-12);
  EXPECT_NEAR(open[1].item<double>(), -0.75 * (k - 0.5), 1e-12);  // the second gate is sure enough
  EXPECT_NEAR(shut[0].item<double>(), -(0.75 * (k + 2) + 0.25 * (k - 1)), 1e-12);
  const GateDoubt unsure(2);
  EXPECT_NEAR(unsure.value(gates, {})[0].item<double>(), (0.5625 / 2 + 0.0625 / 1.25) / 0.625, 1e-12);
  const auto variance = [](double d) { return 1 / ((1 + std::exp(-d)) * (1 + std::exp(d))); };
  EXPECT_NEAR(unsure.worth(gates, {})[0].item<double>(), (0.5625 * variance(2) + 0.0625 * variance(-1)) / 0.625, 1e-12);
  Goal goal;
  goal.graph = at::tensor({1.0, 1.0, 0.0, 1.0}, at::kDouble).view({2, 2});
  const at::Tensor wanted = GateMargin(GateStates::wanted, 0.9).value(gates, goal);
  EXPECT_NEAR(wanted[0].item<double>(), open[0].item<double>(), 1e-12);
  EXPECT_NEAR(wanted[1].item<double>(), -0.75 * (k + 0.5), 1e-12);
  const at::Tensor q = at::tensor({0.2, 0.7}, at::kDouble), w = at::tensor({0.4, 0.6}, at::kDouble);
  const GateLikeness graph(q, w, 0.9);
  // The first gate is to be shut, the second open; where q is nearer to a half it matters less.
  const double like = graph.value(gates, {})[0].item<double>();
  EXPECT_NEAR(like, -(0.4 * 0.6 * (k + 2) + 0.6 * 0.4 * (k + 1)), 1e-12);
  EXPECT_NEAR(graph.worth(gates, {})[0].item<double>(), 1 - (0.4 * 0.8 + 0.6 * 0.7) + like * 1e-4, 1e-12);
  EXPECT_NEAR(graph.worth(gates, {})[1].item<double>(), 1 - (0.4 * 0.8 + 0.6 * 0.3), 1e-3);
  Goal drawn;
  drawn.random = true;
  const auto probability = [](double d) { return 1 / (1 + std::exp(-d)); };
  EXPECT_NEAR(
      graph.worth(gates, drawn)[0].item<double>(),
      1 - 0.4 * (probability(2) * 0.8 + probability(-2) * 0.2) - 0.6 * (probability(-1) * 0.3 + probability(1) * 0.7),
      1e-3);
  EXPECT_NEAR(executed_share(gates)[0].item<double>(), 0.75, 1e-12);
  EXPECT_NEAR(executed_share(gates)[1].item<double>(), 1, 1e-12);
}

/// On a trained network: the answers change, what is executed does not.
TEST(Reroute, MovesTheAnswerAndNotTheCost) {
  const std::string path = std::string(AIGIS_SOURCE_DIR) + "/models/synthetic-aig-8.safetensors:gates=argmax";
  const auto net = load_network(Spec::parse(path)).network;
  Batch batch = take(load_dataset(Spec::parse("synthetic:test=40"), Part::test), 0, 40);
  const Output clean = net->forward(batch.images, {});
  batch.labels = clean.logits.argmax(1);
  Victim victim(*net, 0);
  const auto changed = [&](const std::string& attack, double cost, double epsilon = 0.06) {
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {epsilon})[0];
    const Output output = net->forward(x, {});
    EXPECT_LE((executed_share(output.gates) - executed_share(clean.gates)).abs().max().item<double>(), cost) << attack;
    return output.logits.argmax(1).ne(batch.labels).sum().item<int64_t>();
  };
  const int64_t free = changed("gate-reroute:tolerance=1", 1);
  EXPECT_GE(free, 20);
  EXPECT_GE(changed("gate-reroute:tolerance=0.01", 0.01), free * 3 / 4);
  // From a start where it is overstepped, and with no time to come back: the clean image then.
  changed("gate-reroute:tolerance=0.01,start=sign,steps=2", 0.01, 0.3);
}

/// By their logits alone these gates are open from the start, and no image would run more.
TEST(MostExecuted, GoesByTheGatesThatRun) {
  LateGate model;
  const Batch batch = images_of(0.6);
  ASSERT_EQ(model.forward(batch.images, {}).gates.open.sum().item<double>(), 0);
  for (const char* attack : {"gradauto:threshold=0.9", "ilfo:threshold=0.9,balance=100"}) {
    EXPECT_EQ(after(model, attack, batch, Norm::linf, 0.15).gates.open.mean().item<double>(), 1) << attack;
  }
}

/// Of gates that do not draw the cost has a gradient through their states alone.
TEST(Reroute, NeedsAGradientOfTheCost) {
  const MeanGate hard(0);
  const DrawingGate drawing;
  for (const char* name : {"gate-reroute:gates=", "gate-universal:aim=reroute,gates="}) {
    const std::string attack = name;
    for (const char* path : {"fixed-graph", "expectation"}) {
      try {
        make_attack(attack + path)->check(hard.card());
        FAIL() << attack << path;
      } catch (const InputError& error) {
        const std::string text = error.what();
        EXPECT_NE(text.find(std::string("with ") + path), std::string::npos) << text;
        EXPECT_NE(text.find("expected gates=straight-through or gates=relaxed"), std::string::npos) << text;
      }
      EXPECT_NO_THROW(make_attack(attack + path)->check(drawing.card())) << attack << path;
    }
    for (const char* path : {"straight-through", "relaxed"}) {
      EXPECT_NO_THROW(make_attack(attack + path)->check(hard.card())) << attack << path;
    }
  }
  EXPECT_NO_THROW(make_attack("gate-universal:aim=sloth,gates=fixed-graph")->check(hard.card()));
}

/// As far towards the threshold as the budget reaches, and no farther than that.
TEST(Jitter, MakesAGateAsUnsureAsItCan) {
  MeanGate model(0);
  for (const double level : {0.5, 0.6}) {
    const Batch batch = images_of(level);
    const double distance = std::abs(level - kThreshold);
    const auto probability = [&](double epsilon) {
      return after(model, "gate-jitter:steps=200", batch, Norm::linf, epsilon).gates.probability.mean().item<double>();
    };
    const double half_way = 1 / (1 + std::exp(kSlope * (kThreshold - level) / 2));
    EXPECT_NEAR(probability(distance / 2), half_way, 0.01 * half_way);
    EXPECT_NEAR(probability(distance * 2), 0.5, 0.005);
  }
}

/// The gradients of soft gates, and the answers of hard ones: what only soft gates get wrong is not broken, and what
/// only they get right is not kept.
TEST(RelaxedGates, LeaveTheVerdictToHardOnes) {
  const double distance = kThreshold - 0.5;
  BarredGate early(0.402);  // by a hair more than the soft gate of the clean image is open
  const Batch batch = images_of(0.5);
  ASSERT_EQ(early.forward(batch.images, {}).logits.argmax(1).sum().item<int64_t>(), 0);
  for (const char* attack : {"pgd", "apgd-ce", "fab", "fmn", "deepfool"}) {
    Victim victim(early, 0, Judge::this_model);
    const at::Tensor x =
        make_attack(std::string(attack) + ":gates=relaxed")->propose(victim, batch, Norm::linf, {distance * 6})[0];
    EXPECT_EQ(early.forward(x, {}).logits.argmax(1).sum().item<int64_t>(), 2) << attack;
  }
  BarredGate late(0.95);
  const Output locked =
      after(late, "gate-sloth:keep_label=true,confidence=0.6,gates=relaxed", batch, Norm::linf, distance * 1.5);
  EXPECT_EQ(locked.logits.argmax(1).sum().item<int64_t>(), 0);
}

/// A gate that decides the answer and passes no gradient: only its measured worth tells where to drive it.
TEST(Joint, DrivesAGateThatGradientsDoNotReach) {
  DecidingGate model;
  const Batch batch = images_of(0.5);
  Victim victim(model, 0);
  ASSERT_EQ(model.forward(batch.images, {}).logits.argmax(1).sum().item<int64_t>(), 0);
  const auto changed = [&](const std::string& attack) {
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {0.06})[0];
    return model.forward(x, {}).logits.argmax(1).sum().item<int64_t>();
  };
  EXPECT_EQ(changed("gate-joint:gates=fixed-graph,flip_weight=0"), 0);
  const int64_t before = victim.audit().forward;
  EXPECT_EQ(changed("gate-joint:gates=fixed-graph"), 2);
  // 40 steps and the last look: two images each, with a pass for the graph as it is and one for its only gate.
  EXPECT_EQ(victim.audit().forward - before, 2 * (40 * 3 + 1));
  EXPECT_EQ(victim.audit().aside, 2 * 40 * 2) << "what measures is counted apart from what climbs";
}

TEST(GateAttacks, NeedGatesThatLookAtTheImage) {
  for (const char* mode : {"always", "scaled", "fixed,graph=101", "marginal"}) {
    const auto net = build(std::string("aig-8:gates=") + mode);
    EXPECT_THROW(make_attack("gate-sloth")->check(net->card()), InputError) << mode;
  }
  for (const char* mode : {"sampled", "argmax", "budget,layers=2"}) {
    const auto net = build(std::string("aig-8:gates=") + mode);
    EXPECT_NO_THROW(make_attack("gate-sloth")->check(net->card())) << mode;
  }
}

TEST(Attacks, SayHowTheirGradientsPassGates) {
  for (const auto& [attack, mode] : {std::pair{"pgd", "straight-through"},
                                     {"apgd-ce:gates=expectation", "expectation"},
                                     {"fab:gates=fixed-graph", "fixed-graph"},
                                     {"ilfo:gates=relaxed", "relaxed"},
                                     {"autoattack:gates=fixed-graph", "fixed-graph"},
                                     {"gate-aware-pgd", "all"},
                                     {"hopskipjump", "none"},
                                     {"square", "none"}}) {
    EXPECT_EQ(make_attack(attack)->gradient_mode(), mode) << attack;
  }
}

TEST(GateAttacks, NeedGates) {
  const auto net = build_frozen("resnet-8");
  for (const auto& entry : attack_list()) {
    const std::string attack = entry.name;
    if (!attack.starts_with("gate-") && attack != "gradauto" && attack != "ilfo" && attack != "lgm") continue;
    try {
      make_attack(attack)->check(net->card());
      FAIL() << attack;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("expected a gated one"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace aigis
