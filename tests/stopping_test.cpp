// Iterated attacks stop at images that are broken: how soon, and whatever gradients they follow.
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/foresight.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"

namespace aigis {
namespace {

// A model that gets class 1 as soon as a pixel's mean passes a half: images beyond it are done.
TEST(Stopping, EndsAtImagesThatAreBroken) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -24);
  Batch batch = grey_batch(9, 0.405);
  batch.images = batch.images + at::arange(9, at::TensorOptions(at::kDouble)).view({9, 1, 1, 1}) * 0.012;
  const auto attack = make_attack("bim:steps=10,step_size=0.02");
  Victim judged(model, 1, Judge::this_model), explored(model, 1);
  const at::Tensor x = attack->propose(judged, batch, Norm::linf, {0.2})[0];
  const at::Tensor all = attack->propose(explored, batch, Norm::linf, {0.2})[0];
  for (int64_t i = 0; i < 9; ++i) {
    const double begin = 0.405 + 0.012 * static_cast<double>(i);
    const double steps = std::max(std::ceil((0.5 - begin) / 0.02), 0.0);
    EXPECT_NEAR(x[i].mean().item<double>(), begin + 0.02 * std::min(steps, 10.0), 1e-9) << i;
    EXPECT_NEAR(all[i].mean().item<double>(), begin + 0.2, 1e-9);
  }
  EXPECT_LT(judged.audit().backward, explored.audit().backward);
  EXPECT_EQ(explored.audit().backward, 90);
}

// Of two classes with margin m the loss is log(1 + exp(-m)), and rises by sigmoid(-m) for each unit that m is to fall.
TEST(Foresight, OfTwoClassesIsTheLinearModelOfTheMargin) {
  for (const double margin : {0.1, 2.0, 9.0}) {
    const auto falls = [&](double by) {
      const auto one = [](double value) { return at::full({1}, value, at::TensorOptions(at::kDouble)); };
      const double slope = 1 / (1 + std::exp(margin));
      const at::Tensor loss = one(std::log1p(std::exp(-margin))), excess = one(-margin);
      return foresees_wrong(LossKind::cross_entropy, loss, excess, one(by * slope)).item<bool>() &&
             foresees_wrong(LossKind::margin, excess, excess, one(by)).item<bool>();
    };
    EXPECT_TRUE(falls(1.01 * margin)) << margin;
    EXPECT_FALSE(falls(0.99 * margin)) << margin;
  }
}

// Of three classes a label may be the likeliest with less than a half, and no image falls whose loss does not rise.
TEST(Foresight, HeedsTheMarginAndNotTheProbability) {
  const auto one = [](double value) { return at::full({1}, value, at::TensorOptions(at::kDouble)); };
  const at::Tensor loss = one(-std::log(0.4)), excess = one(std::log(0.3 / 0.4));
  const double far = 0.6 * std::log(0.4 / 0.3);
  EXPECT_FALSE(foresees_wrong(LossKind::cross_entropy, loss, excess, one(0)).item<bool>());
  EXPECT_FALSE(foresees_wrong(LossKind::cross_entropy, loss, excess, one(0.99 * far)).item<bool>());
  EXPECT_TRUE(foresees_wrong(LossKind::cross_entropy, loss, excess, one(1.01 * far)).item<bool>());
}

// All four images fall at the second step: a look is enough there, and no second gradient is taken.
TEST(Stopping, LooksFirstWhereManyAreToFall) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -24);
  const Batch batch = grey_batch(4, 0.49);
  const auto audit = [&](const std::string& attack, double epsilon) {
    Victim victim(model, 1, Judge::this_model);
    make_attack(attack)->propose(victim, batch, Norm::linf, {epsilon});
    return victim.audit();
  };
  const AttackAudit fall = audit("bim:steps=10,step_size=0.02", 0.1),
                    stand = audit("bim:steps=10,step_size=0.0005", 0.005);
  EXPECT_EQ(std::pair(fall.forward, fall.backward), std::pair(int64_t{8}, int64_t{4}));
  EXPECT_EQ(std::pair(stand.forward, stand.backward), std::pair(int64_t{40}, int64_t{40}));
}

// With momentum's relatives, too, whose gradients are not taken at the iterate.
TEST(Stopping, EndsWhereverGradientsAreTaken) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -24);
  const Batch batch = grey_batch(4, 0.405);
  for (const std::string attack :
       {"ni-fgsm", "si-ni-fgsm:scales=1", "di-fgsm:diversity=0.01", "emi-fgsm", "vni-fgsm"}) {
    const std::string options = attack.find(':') == std::string::npos ? ":" : ",";
    Victim victim(model, 1, Judge::this_model);
    const at::Tensor x =
        make_attack(attack + options + "steps=10,step_size=0.02")->propose(victim, batch, Norm::linf, {0.2})[0];
    EXPECT_TRUE(at::allclose(x, at::full_like(x, 0.505), 0, 1e-9)) << attack;  // five steps, and no more
  }
}

}  // namespace
}  // namespace aigis
