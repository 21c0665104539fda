// What attacks within a budget take for broken where gates draw: an image that is wrong in all draws, and not by a
// lucky one.
#include "tests/drawn_gates.h"

#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

namespace aigis {
namespace {

/// Class 1, in three of every four draws, as long as the mean of all pixels is below 0.58; the fourth never is. A third
/// class makes the loss greatest at 0.55.
class LuckyFourthDraw : public MeanGate {
 public:
  LuckyFourthDraw() : MeanGate(0) {
    card_.classes = 3;
    card_.has_random_gates = true;
    card_.draws = 4;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = MeanGate::forward(images, pass);
    const at::Tensor mean = images.mean({1, 2, 3}), zero = at::zeros_like(mean);
    const at::Tensor wrong = pass.noise.draw % 4 == 3 ? zero + 1 : at::where(mean.lt(0.58), zero - 0.1, zero + 0.1);
    output.logits = at::stack({wrong, zero, -(mean - 0.55).abs() * 10 - 0.02}, 1);
    return output;
  }
};

/// Wrong in every draw, and most of all where the mean of all pixels is 0.55. Remembers how near it was asked to that.
class WrongThroughout : public MeanGate {
 public:
  WrongThroughout() : MeanGate(0) {
    card_.classes = 3;
    card_.has_random_gates = true;
    card_.draws = 4;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = MeanGate::forward(images, pass);
    const at::Tensor away = away_of(images), zero = at::zeros_like(away);
    nearest = nearest.defined() ? at::minimum(nearest, away.detach()) : away.detach();
    output.logits = at::stack({zero + 1, zero, -away * 10}, 1);
    return output;
  }
  static at::Tensor away_of(const at::Tensor& images) { return (images.mean({1, 2, 3}) - 0.55).abs(); }
  at::Tensor nearest;  ///< [N]
};

/// Wrong in every pass of an attack's first run, and right in all others.
class LosesToTheFirstRun : public HeedsSomeDraws {
 public:
  explicit LosesToTheFirstRun(Model& heeded) : HeedsSomeDraws(heeded, {0, 1, 2, 3}, 0) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = HeedsSomeDraws::forward(images, pass);
    if (pass.noise.restart == 0) output.logits = output.logits.flip(1);
    return output;
  }
};

// What an attack has fitted to its own noise is broken under that, and says nothing of any other.
TEST_F(DrawnGates, AnEnsembleDoesNotJudgeItsStagesByTheirOwnNoise) {
  LosesToTheFirstRun model(linear_);
  AttackAudit audit;
  hits(model, "autoattack:version=rand,steps=2,draws=1", Norm::linf, 0.5 * kDistance, &audit);
  const std::vector<Stage> stands{{"apgd-ce", 5, 0}, {"apgd-dlr", 5, 0}};
  EXPECT_EQ(audit.stages, stands);
}

TEST_F(DrawnGates, AnImageThatIsWrongInThreeDrawsOfFourStands) {
  HeedsSomeDraws model(linear_, {0}, 0);
  for (const bool within_reach : {false, true}) {
    AttackAudit audit;
    const at::Tensor right = hits(model, "autoattack:version=rand,steps=10,draws=1", Norm::linf,
                                  within_reach ? 1.1 * kDistance : 0.9 * kDistance, &audit);
    EXPECT_TRUE(right.eq(within_reach ? 0 : 1).all().item<bool>()) << right;
    const std::vector<Stage> stands{{"apgd-ce", 5, 0}, {"apgd-dlr", 5, 0}}, falls{{"apgd-ce", 5, 5}};
    EXPECT_EQ(audit.stages, within_reach ? falls : stands);
  }
}

// The fourth draw's loss never changes, whatever the other three do.
TEST_F(DrawnGates, LossesOfAllDrawsTellWhetherAStepBroughtAnything) {
  HeedsSomeDraws model(linear_, {0, 1, 2}, 0);
  for (const std::string attack : {"apgd-ce:steps=20", "apgd-dlr:steps=20", "autoattack:version=rand,steps=20"}) {
    for (const auto& [judged_by, draws] : {std::pair{"all-draws", 0}, {"last-draw", 3}}) {
      const at::Tensor right = hits(model, fmt::format("{},draws=4,judged_by={}", attack, judged_by), Norm::linf, 0.11);
      EXPECT_TRUE(right.eq(draws).all().item<bool>()) << attack << judged_by << right;
    }
  }
  EXPECT_EQ(make_attack("autoattack:version=rand")->options()["judged_by"], "last-draw") << "as its authors do";
  EXPECT_EQ(make_attack("apgd-ce:draws=20")->options()["judged_by"], "all-draws");
}

TEST_F(DrawnGates, OfTheIteratesThatIsHandedOutWhichMostDrawsGetWrong) {
  LuckyFourthDraw model;
  EXPECT_TRUE(hits(model, "apgd-ce:steps=20,draws=4", Norm::linf, 0.1).eq(0).all().item<bool>());
  EXPECT_TRUE(hits(model, "apgd-ce:steps=20,draws=4,judged_by=last-draw", Norm::linf, 0.1).eq(3).all().item<bool>());
}

// The second step goes from one end of the budget past the optimum and farther away than the first was.
TEST_F(DrawnGates, OfIteratesThatAsManyDrawsGetWrongTheGreatestLossIsHandedOut) {
  for (const std::string judged_by : {"all-draws", "last-draw"}) {
    WrongThroughout model;
    Victim victim(model, 3, Judge::this_model);
    const auto attack = make_attack("apgd-ce:steps=2,draws=4,judged_by=" + judged_by);
    const at::Tensor x = attack->propose(victim, batch_, Norm::linf, {0.1})[0];
    const at::Tensor farther = WrongThroughout::away_of(x) - model.nearest;
    const at::Tensor as_told = judged_by == "all-draws" ? farther.lt(1e-9) : farther.gt(0.01);
    EXPECT_TRUE(as_told.all().item<bool>()) << judged_by << farther;
  }
}

}  // namespace
}  // namespace aigis
