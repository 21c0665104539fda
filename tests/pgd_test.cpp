// The loop of iterated attacks by its definition: where it starts, where its steps lead, when it stops, and what
// adversarial training does with it.
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/ascent.h"
#include "attacks/parts/foresight.h"
#include "attacks/parts/objective.h"
#include "attacks/parts/random.h"
#include "attacks/parts/step_gradient.h"
#include "lib/train/adversary.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/networks.h"

namespace aigis {
namespace {

Batch grey(int64_t count, double value, at::IntArrayRef shape = {3, 4, 4}) {
  std::vector<int64_t> size{count};
  size.insert(size.end(), shape.begin(), shape.end());
  return {at::full(size, value, at::TensorOptions(at::kDouble)), at::zeros({count}, at::TensorOptions(at::kLong)),
          at::arange(count, at::TensorOptions(at::kLong)) + 7};
}

TEST(Pgd, StepsFromTheCleanImageUntilTheBall) {
  // Label 0, and class 1 gains with every pixel: all go up by one step at a time.
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -100);
  const Batch batch = grey(2, 0.5);
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
    const at::Tensor x = make_attack(attack)->propose(victim, grey(2, 0.5), Norm::linf, {0.1})[0];
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
  const at::Tensor x = make_attack("pgd")->propose(victim, grey(1, 0.95), Norm::linf, {0.1})[0];
  EXPECT_TRUE(x.eq(1).all().item<bool>());
}

TEST(Pgd, StartsUniformlyInTheBall) {
  const Batch batch = grey(40, 0.5, {3, 31, 33});  // 3069 pixels, not a multiple of four
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

// A model that gets class 1 as soon as a pixel's mean passes a half: images beyond it are done.
TEST(Pgd, StopsAtImagesThatAreBroken) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -24);
  Batch batch = grey(9, 0.405);
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

TEST(Pgd, KeepsTheBestIterate) {
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

TEST(Pgd, TheLeastGradientsAccumulate) {
  const at::Tensor least = at::full({2, 3, 4, 4}, 1e-40, at::TensorOptions(at::kFloat));
  EXPECT_TRUE(at::allclose(normalized(least), at::ones_like(least), 1e-4));
  EXPECT_TRUE(at::equal(normalized(at::zeros_like(least)), at::zeros_like(least)));
}

// Of two classes with margin m the loss is log(1 + exp(-m)), and rises by sigmoid(-m) for each unit that m is to fall.
TEST(Foresight, OfTwoClassesIsTheLinearModelOfTheMargin) {
  for (const double margin : {0.1, 2.0, 9.0}) {
    const auto falls = [&](double by) {
      const auto one = [](double value) { return at::full({1}, value, at::TensorOptions(at::kDouble)); };
      const double slope = 1 / (1 + std::exp(margin));
      return foresees_loss(LossKind::cross_entropy, one(std::log1p(std::exp(-margin))), one(by * slope)).item<bool>() &&
             foresees_loss(LossKind::margin, one(-margin), one(by)).item<bool>();
    };
    EXPECT_TRUE(falls(1.01 * margin)) << margin;
    EXPECT_FALSE(falls(0.99 * margin)) << margin;
  }
}

// All four images fall at the second step: a look is enough there, and no second gradient is taken.
TEST(Pgd, LooksFirstWhereManyAreToFall) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -24);
  const Batch batch = grey(4, 0.49);
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

// Gradients of NI, SI, DI and EMI are taken elsewhere; what counts is the loss where the iterates are.
TEST(Pgd, KeepsTheBestIterateWhereverGradientsAreTaken) {
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
TEST(Pgd, TheLastIterateIsJudgedByAsManyDraws) {
  const auto net = build_frozen("aig-8:gates=sampled");
  const Batch batch{random_images(2), at::arange(2, at::TensorOptions(at::kLong)), ids_of(2)};
  Victim one(*net, 5), many(*net, 5);
  make_attack("bim:steps=3,keep=best,stop=false")->propose(one, batch, Norm::linf, {0.05});
  make_attack("bim:steps=3,keep=best,stop=false,draws=4")->propose(many, batch, Norm::linf, {0.05});
  EXPECT_EQ(one.audit().forward, 2 * (3 + 1));
  EXPECT_EQ(many.audit().forward, 2 * (3 * 4 + 4));
}

// With momentum's relatives, too, whose gradients are not taken at the iterate.
TEST(Pgd, StopsWhereverGradientsAreTaken) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -24);
  const Batch batch = grey(4, 0.405);
  for (const std::string attack :
       {"ni-fgsm", "si-ni-fgsm:scales=1", "di-fgsm:diversity=0.01", "emi-fgsm", "vni-fgsm"}) {
    const std::string options = attack.find(':') == std::string::npos ? ":" : ",";
    Victim victim(model, 1, Judge::this_model);
    const at::Tensor x =
        make_attack(attack + options + "steps=10,step_size=0.02")->propose(victim, batch, Norm::linf, {0.2})[0];
    EXPECT_TRUE(at::allclose(x, at::full_like(x, 0.505), 0, 1e-9)) << attack;  // five steps, and no more
  }
}

TEST(Pgd, BeginsWhereItsNoiseSays) {
  LinearModel model(at::full({3, 4, 4}, 1.0, at::TensorOptions(at::kDouble)), -100);
  const Batch batch = grey(3, 0.5);
  Victim victim(model, 9);
  const at::Tensor x = make_attack("pgd:steps=1,step_size=1e-9")->propose(victim, batch, Norm::linf, {0.1})[0];
  const at::Tensor start = 0.5 + 0.1 * uniform_noise(batch.images, batch.ids, {9, Purpose::attack}, Use::start);
  EXPECT_TRUE(at::allclose(x, start, 0, 1.1e-9));
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

TEST(Adversary, LeavesTheNetworkAsItWas) {
  const auto net = build("aig-8");
  net->move_to(at::kCPU, at::kDouble);
  net->set_training(true);
  std::vector<at::Tensor> before;
  for (const auto& list : {net->named_weights(), net->named_statistics()}) {
    for (const auto& [name, tensor] : list) before.push_back(tensor.detach().clone());
  }
  const Batch batch{random_images(3), at::arange(3, at::TensorOptions(at::kLong)), ids_of(3)};
  const at::Tensor images = Adversary(make_attack("pgd:steps=2"), 0.03).perturbed(*net, batch, 5);
  EXPECT_LE((images - batch.images).abs().max().item<double>(), 0.03 + 1e-12);
  EXPECT_GT((images - batch.images).abs().mean().item<double>(), 0.01);
  EXPECT_TRUE(net->is_training());
  size_t i = 0;
  for (const auto& list : {net->named_weights(), net->named_statistics()}) {
    for (const auto& [name, tensor] : list) EXPECT_TRUE(at::equal(tensor, before[i++])) << name;
  }
  for (const auto& [name, tensor] : net->named_weights()) {
    EXPECT_TRUE(tensor.requires_grad()) << name;
    EXPECT_FALSE(tensor.grad().defined()) << name;
  }
}

}  // namespace
}  // namespace aigis
