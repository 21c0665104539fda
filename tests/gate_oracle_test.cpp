// Attacks that see the executed cost alone: the search for it, and noise that is picked by it.
#include <ATen/ops/_unique.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/unique_dim.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/band.h"
#include "attacks/parts/gate_term.h"
#include "lib/core/error.h"
#include "lib/eval/verdict.h"
#include "tests/attacks.h"
#include "tests/three_gates.h"

namespace aigis {
namespace {

/// [n]: of the cost of a ThreeGates whose gates draw.
at::Tensor expected_share(const at::Tensor& images) {
  return ThreeGates::gate_logits(images).sigmoid().matmul(at::tensor({10.0, 20.0, 30.0}, at::kDouble) / 60);
}

TEST(GateOracle, MovesTheCostThatIsAllItSees) {
  ThreeGates model(false);
  for (const auto& [attack, level, open] :
       {std::tuple{"gate-oracle", 0.47, 6.0}, {"gate-oracle:wants=shut", 0.53, 0.0}}) {
    const Batch batch = batch_of(at::full({2, 3, 8, 8}, level, at::TensorOptions(at::kDouble)), 0);
    Victim victim(model, 0);
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {0.1})[0];
    EXPECT_EQ(model.forward(x, {}).gates.open.sum().item<double>(), open) << attack;
    EXPECT_EQ(victim.audit().backward, 0);
    EXPECT_LT(victim.audit().forward, 2 * 1000) << "an image whose gates are all as wanted is done";
  }
}

TEST(GateOracle, MovesTheCostWithinABand) {
  ThreeGates model(false);
  const Batch batch = batch_of(at::full({2, 3, 8, 8}, 0.47, at::TensorOptions(at::kDouble)), 0);
  Victim victim(model, 0);
  const at::Tensor x = make_attack("gate-oracle:band=0.25")->propose(victim, batch, Norm::linf, {0.1})[0];
  EXPECT_EQ(model.forward(x, {}).gates.open.sum().item<double>(), 6);
  const at::Tensor delta = x - batch.images;
  EXPECT_LE((delta - low_pass(delta, {0.25})).abs().max().item<double>(), 1e-12);
}

/// One lucky reading of a gate that draws must not end the search: it comes three quarters of the way to the best
/// image, a grey that is brighter (darker) by the whole budget.
TEST(GateOracle, SeesThroughTheNoiseOfGates) {
  ThreeGates model(true);
  const Batch batch = batch_of(at::full({20, 3, 2, 2}, 0.5, at::TensorOptions(at::kDouble)), 0);
  const double epsilon = 0.4, farthest = 1 / (1 + std::exp(-4 * epsilon)) - 0.5;
  for (const auto& [attack, sign] : {std::pair{"gate-oracle:queries=300,noise_share=0,draws=20", 1.0},
                                     {"gate-oracle:queries=300,noise_share=0,draws=20,wants=shut", -1.0}}) {
    Victim victim(model, 0);
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {epsilon})[0];
    const double share = expected_share(x).mean().item<double>();
    EXPECT_GT(sign * (share - 0.5), 0.75 * farthest) << attack;
    EXPECT_EQ(victim.audit().forward, 20 * (20 * (1 + 2 * 300) + 2 * 20)) << "every reading is counted";
  }
}

/// White images open all gates and black ones shut them; the first image of a search flips half of the pixels. Of
/// random gates twenty readings do not tell images whose expected costs differ by a few hundredths.
TEST(GateOracle, HandsOutNoImageThatIsWorseThanTheCleanOne) {
  for (const auto& [attack, level, open] : {std::tuple{"gate-oracle:queries=1,draws=3", 1.0, 60.0},
                                            {"gate-oracle:queries=1,draws=3,wants=shut", 0.0, 0.0}}) {
    const Batch batch = batch_of(at::full({20, 3, 8, 8}, level, at::TensorOptions(at::kDouble)), 0);
    const auto found = [&](Model& model) {
      Victim victim(model, 0);
      return make_attack(attack)->propose(victim, batch, Norm::linf, {1.0})[0];
    };
    ThreeGates certain(false), random(true);
    EXPECT_EQ(certain.forward(found(certain), {}).gates.open.sum().item<double>(), open) << attack;
    const at::Tensor lost = (expected_share(found(random)) - expected_share(batch.images)).abs();
    EXPECT_LE(lost.max().item<double>(), 0.1) << attack;
    EXPECT_GE(lost.eq(0).sum().item<int64_t>(), 18) << attack;
  }
}

/// ThreeGates that all shut where neighbours in a column differ much.
class GrainShuts : public ThreeGates {
 public:
  GrainShuts() : ThreeGates(false) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = ThreeGates::forward(images, pass);
    const at::Tensor grain = images.diff(1, 2).abs().mean({1, 2, 3});
    output.gates.logits = (0.08 - grain).unsqueeze(1).expand({images.size(0), 3});
    output.gates.open = decide_gate(output.gates.logits, {}, pass.gate_gradient);
    output.gates.probability = output.gates.logits.sigmoid();
    return output;
  }
};

/// Stripes have no grain of this kind, and a square of 7 of 8 pixels a side no more than 0.03, if all its edge shows.
TEST(GateOracle, TriesNoiseBeforeSquares) {
  GrainShuts model;
  const Batch batch = batch_of(at::full({20, 3, 8, 8}, 0.5, at::TensorOptions(at::kDouble)), 0);
  for (const auto& [share, open, forward] : {std::tuple{"0", 60.0, 20 * (1 + 5 + 2)}, {"0.4", 0.0, 20 * (1 + 2 + 2)}}) {
    Victim victim(model, 0);
    const std::string attack = std::string("gate-oracle:wants=shut,queries=5,noise_share=") + share;
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {0.1})[0];
    EXPECT_EQ(model.forward(x, {}).gates.open.sum().item<double>(), open) << share;
    EXPECT_LE(victim.audit().forward, forward) << share;
  }
}

TEST(GateOracle, CountsNoiseAsItsSquares) {
  ThreeGates model(true);
  const Batch batch = batch_of(at::full({4, 3, 8, 8}, 0.5, at::TensorOptions(at::kDouble)), 0);
  for (const Norm norm : all_norms()) {
    for (const char* share : {"0", "0.5", "1"}) {
      Victim victim(model, 0);
      const std::string attack = std::string("gate-oracle:queries=10,draws=3,noise_share=") + share;
      const at::Tensor x = make_attack(attack)->propose(victim, batch, norm, {0.1})[0];
      EXPECT_EQ(victim.audit().forward, 4 * (3 * (1 + 2 * 10) + 2 * 20)) << norm_name(norm) << share;
      EXPECT_EQ(admit(batch.images, x, norm, 0.1).over_budget, 0) << norm_name(norm) << share;
    }
  }
}

/// Gates that open by halves, brighter images more: no two costs are the same. Remembers what it is asked.
class Remembers : public ThreeGates {
 public:
  Remembers() : ThreeGates(false) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = ThreeGates::forward(images, pass);
    output.gates.open = output.gates.probability;
    asked.push_back(images);
    costs.push_back(executed_share(output.gates));
    return output;
  }
  std::vector<at::Tensor> asked, costs;
};

/// Three noises and three squares, the first of which changes the best image so far in 49 pixels at most.
TEST(GateOracle, GoesOnFromTheBestNoise) {
  Remembers model;
  const Batch batch = batch_of(at::full({20, 3, 8, 8}, 0.5, at::TensorOptions(at::kDouble)), 0);
  Victim victim(model, 0);
  make_attack("gate-oracle:wants=shut,queries=6,noise_share=0.5")->propose(victim, batch, Norm::linf, {0.1});
  ASSERT_EQ(model.asked.size(), 1 + 6 + 2);
  const at::Tensor asked = at::stack(model.asked), best = at::stack(model.costs).narrow(0, 0, 4).argmin(0);
  const at::Tensor noises = asked.narrow(0, 1, 3).flatten(0, 1);
  EXPECT_LT((noises - 0.5).abs().sub(0.1).abs().max().item<double>(), 1e-9) << "corners of the ball";
  EXPECT_EQ(std::get<0>(at::unique_dim(noises, 0)).size(0), 3 * 20) << "no noise is tried twice";
  ASSERT_GT(std::get<0>(at::_unique(best)).size(0), 1) << "neither always the first nor the last";
  for (int64_t i = 0; i < 20; ++i) {
    const at::Tensor changed = asked[4][i].ne(asked[best[i].item<int64_t>()][i]).any(0);
    EXPECT_LE(changed.sum().item<int64_t>(), 49);
  }
}

TEST(NoiseByCost, IsTheOneOfTheMostOrTheLeast) {
  const Batch batch = batch_of(at::full({20, 3, 8, 8}, 0.5, at::TensorOptions(at::kDouble)), 0);
  for (const bool open : {true, false}) {
    const auto attack = make_attack(open ? "noise:kind=sign,best_of=5,by=open" : "noise:kind=sign,best_of=5,by=shut");
    EXPECT_EQ(attack->aim(), open ? Aim::more_compute : Aim::less_compute);
    Remembers model;
    Victim victim(model, 0);
    const at::Tensor x = attack->propose(victim, batch, Norm::linf, {0.1})[0];
    EXPECT_EQ(victim.audit().forward, 20 * 5);
    EXPECT_EQ(victim.audit().backward, 0);
    const at::Tensor tried = at::stack(model.costs);
    model.forward(x, {});
    EXPECT_TRUE(at::equal(model.costs.back(), open ? tried.amax(0) : tried.amin(0)));
  }
}

/// Of gates that draw the luckiest of single readings says little, and the mean of many nearly all: here that of the
/// best of fifty.
TEST(NoiseByCost, SeesThroughTheNoiseOfGates) {
  const Batch batch = batch_of(at::full({50, 3, 2, 2}, 0.5, at::TensorOptions(at::kDouble)), 0);
  const auto share = [&](const std::string& draws, int64_t passes) {
    ThreeGates model(true);
    Victim victim(model, 0);
    const at::Tensor x =
        make_attack("noise:kind=sign,best_of=50,by=open" + draws)->propose(victim, batch, Norm::linf, {0.4})[0];
    EXPECT_EQ(victim.audit().forward, 50 * 50 * passes);
    return expected_share(x).mean().item<double>();
  };
  const double of_one = share("", 1), of_many = share(",draws=100", 100);
  EXPECT_GT(of_many - 0.5, 1.5 * (of_one - 0.5));
}

TEST(NoiseByCost, NeedsSeveralToChooseFrom) {
  EXPECT_THROW(make_attack("noise:by=open"), InputError);
  EXPECT_EQ(make_attack("noise:best_of=5")->aim(), Aim::wrong_answer);
}

}  // namespace
}  // namespace aigis
