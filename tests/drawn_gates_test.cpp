// What attacks take for broken where gates draw: an image that is wrong in all draws, and not by a lucky one.
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "attacks/parts/every_draw.h"
#include "lib/eval/verdict.h"
#include "tests/attacks.h"
#include "tests/mean_gate.h"
#include "tests/models_under_test.h"
#include "tests/networks.h"

namespace aigis {
namespace {

/// Heeds the image in some of every four draws, and in the others answers with a class.
class HeedsSomeDraws : public Model {
 public:
  HeedsSomeDraws(Model& heeded, std::set<uint32_t> draws, int64_t otherwise)
      : heeded_(heeded), draws_(std::move(draws)), otherwise_(otherwise), card_(heeded.card()) {
    card_.has_random_gates = true;
    card_.draws = 4;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    if (draws_.contains(pass.noise.draw % 4)) return heeded_.forward(images, pass);
    const at::Tensor logits = otherwise_ == 0 ? at::tensor({1.0, 0.0}) : at::tensor({0.0, 1.0});
    return {logits.to(images.options()).expand({images.size(0), 2}), {}};
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return false; }

 private:
  Model& heeded_;
  std::set<uint32_t> draws_;
  int64_t otherwise_;
  ModelCard card_;
};

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

/// Leans to class 0 in every pass that a gradient is taken of.
class RoundsGradients : public Model {
 public:
  RoundsGradients(Model& exact, double lean) : exact_(exact), lean_(lean), card_(exact.card()) {
    card_.rounds_gradients = true;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = exact_.forward(images, pass);
    if (images.requires_grad()) output.logits = output.logits + at::tensor({lean_, 0.0}, output.logits.options());
    return output;
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return false; }

 private:
  Model& exact_;
  double lean_;
  ModelCard card_;
};

/// Images of class 1, at a known distance from the boundary of a linear model.
class DrawnGates : public ::testing::Test {
 protected:
  static constexpr double kDistance = 0.1;  // in Linf

  /// [N] draws of four that the model gets right after the attack.
  at::Tensor hits(Model& model, const std::string& attack, Norm norm, double epsilon, AttackAudit* audit = nullptr) {
    Victim victim(model, 3, Judge::this_model);
    const at::Tensor x = make_attack(attack)->propose(victim, batch_, norm, {epsilon})[0];
    if (audit) *audit = victim.audit();
    return judge(model, x, batch_, 3, Purpose::verdict_gates).hits;
  }

  LinearModel linear_{at::full({3, 4, 4}, 1.0 / kPixels, at::TensorOptions(at::kDouble)), kDistance - 0.5};
  Batch batch_{at::full({5, 3, 4, 4}, 0.5, at::TensorOptions(at::kDouble)),
               at::full({5}, 1, at::TensorOptions(at::kLong)), ids_of(5)};
};

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

/// With enough steps to come within a tenth of the optimum.
const std::vector<std::pair<std::string, Norm>> kSearches{
    {"deepfool", Norm::linf},
    {"fmn", Norm::linf},
    {"fab", Norm::linf},
    {"fab-t", Norm::linf},
    {"hopskipjump:samples=200,steps=15,starts=5000,draws=4", Norm::linf},
    {"ddn", Norm::l2},
    {"cw:steps=300,searches=1,weight=20", Norm::l2}};

TEST_F(DrawnGates, SearchesGoOnUntilAllDrawsAreWrong) {
  for (const uint32_t draw : {0U, 3U}) {
    HeedsSomeDraws model(linear_, {draw}, 0);
    for (const auto& [attack, norm] : kSearches) {
      const double distance = norm == Norm::l2 ? kDistance * std::sqrt(kPixels) : kDistance;
      const at::Tensor near = hits(model, attack, norm, 0.9 * distance),
                       far = hits(model, attack, norm, 1.1 * distance);
      EXPECT_TRUE(near.eq(1).all().item<bool>()) << attack << draw << near;
      EXPECT_TRUE(far.eq(0).all().item<bool>()) << attack << draw << far;
    }
  }
}

TEST_F(DrawnGates, WhatIsRightInADrawWhateverItIsStillLosesTheOthers) {
  HeedsSomeDraws model(linear_, {0, 1, 2}, 1);
  for (const char* attack : {"deepfool", "fmn", "fab"}) {
    const at::Tensor right = hits(model, attack, Norm::linf, 1.1 * kDistance);
    EXPECT_TRUE(right.eq(1).all().item<bool>()) << attack << right;
  }
}

TEST_F(DrawnGates, EveryPassIsCounted) {
  HeedsSomeDraws model(linear_, {3}, 0);
  AttackAudit audit;
  hits(model, "fmn:steps=1", Norm::linf, kDistance, &audit);
  EXPECT_EQ(audit.forward, 5 * (4 + 4 + 1)) << "up to the draw that gets it right, and once more for its gradient";
  EXPECT_EQ(audit.backward, 5 * 2);
  hits(linear_, "fmn:steps=1", Norm::linf, kDistance, &audit);
  EXPECT_EQ(audit.forward, 5 * (1 + 1));
  EXPECT_EQ(audit.backward, 5);
}

// The pass for the gradient of the draw that gets the images right loses them by rounding.
TEST_F(DrawnGates, AnImageThatADrawGetsRightIsNotLostByRounding) {
  RoundsGradients rounded(linear_, 2 * kDistance);
  HeedsSomeDraws model(rounded, {3}, 0);
  Victim victim(model, 3, Judge::this_model);
  const EveryDraw every(victim, 4);
  const auto loss = [](const at::Tensor&) -> Loss {
    return [](const Output& output) -> Losses { return output.logits.select(1, 0) - output.logits.select(1, 1); };
  };
  const Victim::Gradient one = every.gradient(batch_, loss, {}, {});
  EXPECT_FALSE(every.lost(one.logits, batch_.labels).any().item<bool>()) << one.logits;
  EXPECT_FALSE(one.flat.any().item<bool>()) << "the gradient is of that draw";
  const at::Tensor classes = at::zeros({5, 1}, at::TensorOptions(at::kLong));
  const Victim::Gradients several = every.gradients(batch_, classes, {}, {});
  EXPECT_FALSE(every.lost(several.logits, batch_.labels).any().item<bool>()) << several.logits;
}

/// Brighter images open the gate more often, and an open one is wrong.
TEST(NearestAttacks, BreakMoreDrawsWithinLargerBudgets) {
  DrawingGate model;
  const Batch batch{at::full({16, 3, kSide, kSide}, 0.5, at::TensorOptions(at::kDouble)),
                    at::zeros({16}, at::TensorOptions(at::kLong)), ids_of(16)};
  for (const char* attack : {"deepfool", "fmn", "fab"}) {
    Victim victim(model, 3, Judge::this_model);
    const auto x = make_attack(attack)->propose(victim, batch, Norm::linf, {0.05, 0.45});
    const auto right = [&](const at::Tensor& images) {
      return 1 - model.forward(images, {{}, batch.ids}).gates.probability.mean().item<double>();
    };
    EXPECT_GE(right(x[0]), 0.5 - 1e-9) << attack << ": on the gate's threshold at best";
    EXPECT_LE(right(x[1]), 0.2) << attack;
  }
}

}  // namespace
}  // namespace aigis
