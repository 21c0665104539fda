// Searches for the nearest adversarial image where gates draw: they go on until all draws are wrong.
#include <ATen/ops/allclose.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "attacks/parts/every_draw.h"
#include "tests/drawn_gates.h"
#include "tests/toy_model.h"

namespace aigis {
namespace {

/// Leans to class 0 in every pass that a gradient is taken of.
class RoundsGradients : public ToyModel {
 public:
  RoundsGradients(Model& exact, double lean) : ToyModel(exact.card()), exact_(exact), lean_(lean) {
    card_.rounds_gradients = true;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = exact_.forward(images, pass);
    if (images.requires_grad()) output.logits = output.logits + at::tensor({lean_, 0.0}, output.logits.options());
    return output;
  }

 private:
  Model& exact_;
  double lean_;
};

/// With enough steps to come within a tenth of the optimum.
const std::vector<std::pair<std::string, Norm>> kSearches{
    {"deepfool", Norm::linf},
    {"fmn", Norm::linf},
    {"fab", Norm::linf},
    {"fab-t", Norm::linf},
    {"hopskipjump:samples=200,steps=15,starts=5000,draws=4", Norm::linf},
    {"ddn", Norm::l2},
    {"cw:steps=300,searches=1,weight=20", Norm::l2},
    {"fmn:targets=1", Norm::linf},
    {"ddn:targets=1", Norm::l2},
    {"cw:targets=1,steps=300,searches=1,weight=20", Norm::l2}};

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

// Its starts and leaps end after more queries for some images than for others, and each query has its own noise.
TEST_F(DrawnGates, HopSkipJumpGoesTheSameWayAloneAsInABatch) {
  HeedsSomeDraws model(linear_, {0, 3}, 0);
  const auto walk = [&](const Batch& batch) {
    Victim victim(model, 3, Judge::this_model);
    const auto attack = make_attack("hopskipjump:samples=5,steps=6,draws=1");
    return std::pair{attack->propose(victim, batch, Norm::linf, {0.2})[0], victim.audit().forward};
  };
  const at::Tensor levels = at::linspace(0.42, 0.6, 5, at::TensorOptions(at::kDouble)).view({5, 1, 1, 1});
  const Batch batch{at::ones_like(batch_.images) * levels, batch_.labels, batch_.ids};
  const auto [together, asked] = walk(batch);
  int64_t asked_alone = 0;
  for (int64_t i = 0; i < 5; ++i) {
    const auto [alone, queries] = walk(batch.part(i, 1));
    EXPECT_TRUE(at::allclose(alone, together.slice(0, i, i + 1), 0, 1e-9)) << i;
    asked_alone += queries;
  }
  EXPECT_EQ(asked, asked_alone) << "an image that is ready is not asked about for the others' sake";
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
