// The loop of iterated attacks by its definition: where it starts, where its steps lead, and what restarts and draws
// add.
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/ascent.h"
#include "attacks/parts/objective.h"
#include "attacks/parts/random.h"
#include "attacks/parts/step_gradient.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/networks.h"

namespace aigis {
namespace {

TEST(Pgd, StepsFromTheCleanImageUntilTheBall) {
  // Label 0, and class 1 gains with every pixel: all go up by one step at a time.
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -100);
  const Batch batch = grey_batch(2, 0.5);
  for (const auto& [steps, expected] :
       std::vector<std::pair<int64_t, double>>{{1, 0.53}, {3, 0.59}, {4, 0.6}, {9, 0.6}}) {
    Victim victim(model, 1);
    const auto bim = make_attack(fmt::format("bim:steps={},step_size=0.03", steps));
    const at::Tensor x = bim->propose(victim, batch, Norm::linf, {0.1, 0.0})[0];
    EXPECT_TRUE(at::allclose(x, at::full_like(x, expected), 0, 1e-12)) << steps;
    EXPECT_EQ(victim.audit().backward, 2 * 2 * steps);  // two images, two budgets
  }
  Victim victim(model, 1);
  const auto both = make_attack("bim:steps=2,relative_step_size=0.25")->propose(victim, batch, Norm::linf, {0.1, 0.2});
  EXPECT_TRUE(at::allclose(both[0], at::full_like(both[0], 0.55), 0, 1e-12));
  EXPECT_TRUE(at::allclose(both[1], at::full_like(both[1], 0.6), 0, 1e-12));
}

TEST(Pgd, StepsShortenAsTheyAreAskedTo) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -100);
  // Three steps: 1 + 2/3 + 1/3, and 1 + (1 + cos 60°) / 2 + (1 + cos 120°) / 2, are two; of two 1 + 1/2, of four 2.5.
  for (const auto& [attack, expected] :
       std::vector<std::pair<std::string, double>>{{"bim:steps=2,relative_step_size=0.1,decay=linear", 0.515},
                                                   {"bim:steps=3,step_size=0.01,decay=linear", 0.52},
                                                   {"bim:steps=3,relative_step_size=0.1,decay=cosine", 0.52},
                                                   {"bim:steps=4,relative_step_size=0.1,decay=cosine", 0.525},
                                                   {"bim:steps=4,relative_step_size=0.1,decay=none", 0.54}}) {
    Victim victim(model, 1);
    const at::Tensor x = make_attack(attack)->propose(victim, grey_batch(2, 0.5), Norm::linf, {0.1})[0];
    EXPECT_TRUE(at::allclose(x, at::full_like(x, expected), 0, 1e-12)) << attack;
  }
  AscentOptions options;  // the sums are alike, the second of four steps is not
  options.steps = 4;
  options.decay = Decay::linear;
  EXPECT_DOUBLE_EQ(options.step_length(1, 1), 0.25 * 0.75);
  options.decay = Decay::cosine;
  EXPECT_DOUBLE_EQ(options.step_length(1, 1), 0.25 * (1 + std::sqrt(0.5)) / 2);
}

TEST(Pgd, StaysInTheBoxWhereTheBallLeavesIt) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -100);
  Victim victim(model, 1);
  const at::Tensor x = make_attack("pgd")->propose(victim, grey_batch(1, 0.95), Norm::linf, {0.1})[0];
  EXPECT_TRUE(x.eq(1).all().item<bool>());
}

TEST(Pgd, StartsUniformlyInTheBall) {
  const Batch batch = grey_batch(40, 0.5, {3, 31, 33});  // 3069 pixels, not a multiple of four
  const auto noise_of = [](const Batch& images) {
    return uniform_noise(images.images, images.ids, {3, Purpose::attack}, Use::start);
  };
  const at::Tensor noise = noise_of(batch);
  const auto n = static_cast<double>(noise.numel());
  EXPECT_LT(noise.abs().max().item<double>(), 1);
  // Five standard errors of the mean of U(-1, 1), and of its square, whose variance is 1/5 - 1/9.
  EXPECT_NEAR(noise.mean().item<double>(), 0, 5 * std::sqrt(1.0 / 3 / n));
  EXPECT_NEAR(noise.pow(2).mean().item<double>(), 1.0 / 3, 5 * std::sqrt((1.0 / 5 - 1.0 / 9) / n));
  EXPECT_TRUE(at::equal(noise_of(batch.part(4, 1))[0], noise[4]));
  EXPECT_FALSE(at::equal(noise[4], noise[5]));
}

TEST(Pgd, BeginsWhereItsNoiseSays) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -100);
  const Batch batch = grey_batch(3, 0.5);
  Victim victim(model, 9);
  const at::Tensor x = make_attack("pgd:steps=1,step_size=1e-9")->propose(victim, batch, Norm::linf, {0.1})[0];
  const at::Tensor start = 0.5 + 0.1 * uniform_noise(batch.images, batch.ids, {9, Purpose::attack}, Use::start);
  EXPECT_TRUE(at::allclose(x, start, 0, 1.1e-9));
}

TEST(Pgd, TheLeastGradientsAccumulate) {
  const at::Tensor least = at::full({2, 3, 4, 4}, 1e-40, at::TensorOptions(at::kFloat));
  EXPECT_TRUE(at::allclose(normalized(least), at::ones_like(least), 1e-4));
  EXPECT_TRUE(at::equal(normalized(at::zeros_like(least)), at::zeros_like(least)));
}

// An image that falls in one run must not come back with the greater loss of another, in which it stands.
TEST(Pgd, RestartsKeepTheWorstOfAll) {
  const auto net = build_frozen("resnet-8");
  constexpr int64_t kCount = 24;
  const at::Tensor images = random_images(kCount);
  const Batch batch{images, net->forward(images, {}).logits.argmax(1), ids_of(kCount)};
  const auto judged = [&](const std::string& attack) {
    Victim victim(*net, 5);
    const at::Tensor logits =
        net->forward(make_attack(attack)->propose(victim, batch, Norm::linf, {0.01})[0], {}).logits;
    return std::pair(loss_value(LossKind::cross_entropy, logits, {batch.labels, {}, {}}),
                     logits.argmax(1).ne(batch.labels));
  };
  auto [loss, broken] = judged("pgd:steps=2,stop=false");
  for (int64_t restarts = 2; restarts <= 6; ++restarts) {
    const auto [next_loss, next_broken] = judged(fmt::format("pgd:steps=2,stop=false,restarts={}", restarts));
    for (int64_t i = 0; i < kCount; ++i) {
      const bool was = broken[i].item<bool>(), is = next_broken[i].item<bool>();
      const double before = loss[i].item<double>(), now = next_loss[i].item<double>();
      EXPECT_TRUE(is || !was) << i;
      if (was == is) {
        EXPECT_GE(now, before) << i;
      }
    }
    loss = next_loss;
    broken = next_broken;
  }
  EXPECT_GT(broken.sum().item<int64_t>(), 0);
  EXPECT_LT(broken.sum().item<int64_t>(), kCount);
}

TEST(Pgd, AStepAveragesOverItsDraws) {
  const auto net = build_frozen("aig-8:gates=sampled");
  const Batch batch{random_images(3), at::arange(3, at::TensorOptions(at::kLong)), ids_of(3)};
  const auto gradient = [&](const at::Tensor& x, uint32_t draw, uint32_t step) {
    Victim victim(*net, 5);
    const Loss loss = [&](const Output& output) {
      return loss_value(LossKind::cross_entropy, output.logits, {batch.labels, {}, {}});
    };
    return victim.gradient(x, batch.ids, loss, {0, draw, step}, {}).images;
  };
  const auto moved = [&](const at::Tensor& x, const at::Tensor& direction) {
    const at::Tensor y = x + 0.01 * direction.sign();
    return at::minimum(at::maximum(y, batch.images - 0.1), batch.images + 0.1).clamp(0, 1);
  };
  at::Tensor expected = moved(batch.images, gradient(batch.images, 0, 0) + gradient(batch.images, 1, 0));
  EXPECT_FALSE(at::equal(expected, moved(batch.images, gradient(batch.images, 0, 0))));
  expected = moved(expected, gradient(expected, 0, 1) + gradient(expected, 1, 1));
  Victim victim(*net, 5);
  const auto eot = make_attack("bim:steps=2,step_size=0.01,draws=2");
  EXPECT_TRUE(at::allclose(eot->propose(victim, batch, Norm::linf, {0.1})[0], expected, 0, 1e-12));
}

TEST(Pgd, ADeterministicModelIsAskedOnce) {
  const auto net = build_frozen("aig-8:gates=argmax");
  const Batch batch{random_images(3), at::arange(3, at::TensorOptions(at::kLong)), ids_of(3)};
  const auto images = [&](const std::string& spec, AttackAudit& audit) {
    Victim victim(*net, 5);
    const at::Tensor made = make_attack(spec)->propose(victim, batch, Norm::linf, {0.03})[0];
    audit = victim.audit();
    return made;
  };
  AttackAudit once, averaged;
  const at::Tensor pgd = images("pgd:steps=4", once), eot = images("eot-pgd:steps=4", averaged);
  EXPECT_TRUE(at::equal(pgd, eot));
  EXPECT_EQ(averaged.backward, 4 * 3);
  EXPECT_EQ(once, averaged);
}

}  // namespace
}  // namespace aigis
