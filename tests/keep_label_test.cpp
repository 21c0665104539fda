// Attacks on gates that are to keep the answer: what they may do to it, and what they still do.
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include "attacks/parts/confirm.h"
#include "attacks/parts/gate_term.h"
#include "attacks/parts/objective.h"
#include "tests/mean_gate.h"

namespace aigis {
namespace {

/// Opening the gate brightens the image, and a bright image is of class 1, unless red and blue make up for it.
TEST(KeepLabel, HoldsWhereTheGateAlonePullsTheAnswerOver) {
  MeanGate model(1.15);
  const Batch batch = images_of(0.5);
  ASSERT_EQ(model.forward(batch.images, {}).logits.argmax(1).sum().item<int64_t>(), 0);
  const Output free = after(model, "gate-sloth", batch, Norm::linf, 0.09);
  EXPECT_EQ(free.gates.open.mean().item<double>(), 1);
  EXPECT_EQ(free.logits.argmax(1).sum().item<int64_t>(), 2) << "the attack alone should change the answer";
  const Output kept = after(model, "gate-sloth:keep_label=true,label_margin=0.02", batch, Norm::linf, 0.09);
  EXPECT_EQ(kept.gates.open.mean().item<double>(), 1);
  EXPECT_EQ(kept.logits.argmax(1).sum().item<int64_t>(), 0);
  // What cannot be had with the label in place is not taken: the clean image comes back.
  Victim victim(model, 0);
  const auto none = make_attack("gate-sloth:keep_label=true,label_margin=0,steps=1,relative_step_size=1");
  EXPECT_TRUE(at::equal(none->propose(victim, batch, Norm::linf, {0.09})[0], batch.images));
}

TEST(KeepLabel, HoldsInPassesThatAreNotRounded) {
  RoundedGate model;
  const Batch batch = images_of(0.5);
  const Output kept = after(model, "gate-sloth:keep_label=true,label_margin=0,steps=5", batch, Norm::linf, 0.09);
  EXPECT_EQ(kept.logits.argmax(1).sum().item<int64_t>(), 0);
  EXPECT_GT(kept.gates.logits.mean().item<double>(), -0.35) << "the attack should use what it may";
}

TEST(KeepLabel, KeepsWhatMostDrawsAnswer) {
  DrawingGate model;
  Batch batch = images_of(0.45);  // open, and so of class 1, in 31 % of draws
  batch.images = batch.images.repeat({50, 1, 1, 1});
  batch.labels = at::zeros({100}, at::TensorOptions(at::kLong));
  batch.ids = at::arange(100, at::TensorOptions(at::kLong));
  Victim victim(model, 0);
  ASSERT_GT(victim.forward(batch.images, batch.ids, {}).logits.argmax(1).sum().item<int64_t>(), 20);
  ObjectiveOptions options;
  options.constraint = std::make_shared<KeepAnswer>(0.0);
  const Goal goal = goal_of(options, victim, batch);
  EXPECT_LT(goal.answers.sum().item<int64_t>(), 10) << "one draw would say 31";
}

/// At equal noise the answer differs from the clean one where the noise lies between both logits: in the share
/// sigmoid(D') - sigmoid(D) of draws.
TEST(KeepLabel, HoldsInMostDrawsOfRandomGates) {
  DrawingGate model;
  Batch batch = images_of(0.1);
  batch.images = batch.images.repeat({50, 1, 1, 1});
  batch.labels = at::zeros({100}, at::TensorOptions(at::kLong));
  batch.ids = at::arange(100, at::TensorOptions(at::kLong));
  Victim victim(model, 0);
  const at::Tensor x =
      make_attack("gate-sloth:keep_label=true,label_margin=0")->propose(victim, batch, Norm::linf, {0.5})[0];
  const auto opens = [&](const at::Tensor& images) {
    return ((images.mean({1, 2, 3}) - kThreshold) * kSlope).sigmoid();
  };
  const at::Tensor differs = opens(x) - opens(batch.images);
  EXPECT_LE(differs.mean().item<double>(), 0.05);
  EXPECT_LE(differs.max().item<double>(), 0.35) << "20 draws must agree: one case in 5,000 is worse";
  EXPECT_GE(differs.mean().item<double>(), 0.01) << "the attack should use what it may";
  const at::Tensor free = make_attack("gate-sloth")->propose(victim, batch, Norm::linf, {0.5})[0];
  EXPECT_GE((opens(free) - opens(batch.images)).mean().item<double>(), 0.3) << "without the lock it goes further";
}

/// Of a draw u from 0 to 1: an image of brightness b/10 is of class 1 where u < b/50, as brighter ones are then, too;
/// or where u is in the b-th tenth, in which no other is.
class ByBrightness : public DrawingGate {
 public:
  explicit ByBrightness(bool nested) : nested_(nested) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = DrawingGate::forward(images, pass);
    const at::Tensor tenths = (images.mean({1, 2, 3}) * 10).round();
    const at::Tensor u = gate_noise(pass.noise, pass.image_ids, 1).select(1, 0).sigmoid();
    const at::Tensor bright = (nested_ ? u.lt(tenths / 50) : (u * 10).ceil().eq(tenths)).to(at::kDouble);
    output.logits = at::stack({1 - bright, bright}, 1);
    return output;
  }

 private:
  bool nested_;
};

/// How bright images are of which the way from black to white is tried, in tenths.
at::Tensor confirmed_tenths(bool nested) {
  constexpr int64_t kCount = 2000;
  ByBrightness model(nested);
  Victim victim(model, 0);
  const at::Tensor black = at::zeros({kCount, 3, kSide, kSide}, at::TensorOptions(at::kDouble));
  const Batch batch{black, at::zeros({kCount}, at::kLong), at::arange(kCount, at::TensorOptions(at::kLong))};
  ObjectiveOptions options;
  options.constraint = std::make_shared<KeepAnswer>(0.0);
  const Goal goal = goal_of(options, victim, batch);
  const at::Tensor found = confirmed(victim, black, black + 1, batch.ids, goal, *options.constraint);
  // 20 passes of the clean image, 20 of what is confirmed; a draw that fails is made again for each tenth given up, and
  // those before it once more.
  if (nested) {
    EXPECT_LE(victim.audit().aside, kCount * (20 + 20 + 10 + 19));
  }
  return (found.mean({1, 2, 3}) * 10).round();
}

/// A new draw that breaks what 20 did not is the first of 21 to do so, if they nest. Tenths that share no draw are
/// coupons: 20 draws miss one of ten with a chance of .785.
TEST(KeepLabel, BreaksInMoreDrawsWhereTheyDoNotNestOnTheWay) {
  const double nested = (confirmed_tenths(true) / 50).mean().item<double>();
  EXPECT_LE(nested, 1.0 / 21);
  EXPECT_GE(nested, 0.03) << "it should use what it may";
  const double apart = confirmed_tenths(false).gt(0).to(at::kDouble).mean().item<double>() / 10;
  EXPECT_NEAR(apart, 0.0785, 0.004);
}

}  // namespace
}  // namespace aigis
