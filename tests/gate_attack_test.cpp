// Attacks on gates: optima in closed form, and costs that stay.
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/gate_term.h"
#include "lib/data/dataset.h"
#include "models/checkpoint.h"
#include "tests/mean_gate.h"

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

}  // namespace
}  // namespace aigis
