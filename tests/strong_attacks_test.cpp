// AutoAttack as the sum of its attacks, and searches for the nearest adversarial image against brute force.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "lib/core/error.h"
#include "lib/eval/verdict.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/networks.h"

namespace aigis {
namespace {

at::Tensor drawn(at::IntArrayRef shape, uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  return at::randn(shape, generator, at::TensorOptions(at::kDouble));
}

Batch labelled(Model& model, const at::Tensor& images) {
  const at::Tensor ids = at::arange(images.size(0), at::TensorOptions(at::kLong));
  return {images, model.forward(images, {{}, ids}).logits.argmax(1), ids};
}

// ---- AutoAttack ---------------------------------------------------------------------------------------------------

class Cascade : public ::testing::Test {
 protected:
  at::Tensor broken_by(const std::string& attack, double epsilon, AttackAudit* audit = nullptr) {
    Victim victim(net_, 3, Judge::this_model);
    const at::Tensor x = make_attack(attack)->propose(victim, batch_, Norm::linf, {epsilon})[0];
    EXPECT_EQ(admit(batch_.images, x, Norm::linf, epsilon).over_budget, 0) << attack;
    if (audit) *audit = victim.audit();
    return net_.forward(x, {}).logits.argmax(1).ne(batch_.labels);
  }

  SmoothNet net_{drawn({8, 3, 3, 3}, 1), drawn({8, 8, 3, 3}, 2) * 0.3, drawn({6, 8 * 64}, 3) * 0.1, {3, 8, 8}};
  Batch batch_ = labelled(net_, random_images(30, 1, 8));
};

TEST_F(Cascade, BreaksWhatAnyOfItsAttacksBreaksAndSaysWhich) {
  constexpr double kEpsilon = 0.045;
  AttackAudit audit;
  const at::Tensor broken = broken_by("autoattack:steps=20,queries=100", kEpsilon, &audit);
  ASSERT_EQ(audit.stages.size(), 4u);
  EXPECT_EQ(audit.stages[0].attack, "apgd-ce");
  EXPECT_EQ(audit.stages[3].attack, "square");
  int64_t left = 30;
  for (const Stage& stage : audit.stages) {
    EXPECT_EQ(stage.tried, left) << stage.attack;
    left -= stage.broken;
  }
  EXPECT_EQ(broken.sum().item<int64_t>(), 30 - left);
  EXPECT_GT(left, 0) << "a smaller budget would make this test say more";
  EXPECT_LT(left, 25);
  const at::Tensor first = broken_by("apgd-ce:steps=20", kEpsilon);
  EXPECT_EQ(first.sum().item<int64_t>(), audit.stages[0].broken);
  for (const char* alone : {"apgd-ce:steps=20", "apgd-t:steps=20", "fab-t:steps=20"}) {
    const at::Tensor by_one = broken_by(alone, kEpsilon);
    EXPECT_TRUE(by_one.logical_and(broken.logical_not()).sum().item<int64_t>() == 0) << alone;
  }
}

/// From answers alone nearly as much as from gradients; and as many answers as it says.
// The last image may leave the batch at any step, also at one where the steps are about to be shortened.
TEST_F(Cascade, ABatchMayBreakEntirely) {
  for (const auto& [norm, unit] : {std::pair{Norm::linf, 0.02}, {Norm::l2, 0.2}, {Norm::l1, 2.0}}) {
    for (const char* attack : {"apgd-ce", "apgd-dlr", "autoattack:queries=50"}) {
      for (const double times : {4.0, 8.0, 16.0}) {
        for (const int64_t images : {1, 5}) {
          const Batch batch{batch_.images.slice(0, 0, images), batch_.labels.slice(0, 0, images),
                            batch_.ids.slice(0, 0, images)};
          Victim victim(net_, 3, Judge::this_model);
          const at::Tensor x = make_attack(attack)->propose(victim, batch, norm, {times * unit})[0];
          const at::Tensor broken = net_.forward(x, {}).logits.argmax(1).ne(batch.labels);
          EXPECT_TRUE(times < 16 || broken.all().item<bool>()) << attack << norm_name(norm) << images;
        }
      }
    }
  }
}

TEST_F(Cascade, SpsaFindsMostOfWhatGradientsFind) {
  constexpr double kEpsilon = 0.045;
  AttackAudit audit;
  const at::Tensor by_gradients = broken_by("pgd:steps=40", kEpsilon);
  const at::Tensor by_answers = broken_by("spsa:steps=20,pairs=100,stop=false", kEpsilon, &audit);
  EXPECT_GE(by_answers.sum().item<int64_t>(), by_gradients.sum().item<int64_t>() * 2 / 3);
  EXPECT_EQ(audit.forward, 30 * 20 * 2 * 100);
  EXPECT_EQ(audit.backward, 0);
}

TEST_F(Cascade, RandomGatesAreOnlyBrokenInEveryDraw) {
  const auto net = build_frozen("aig-8:draws=4");
  Batch batch = labelled(*net, random_images(6));
  Victim victim(*net, 3);
  make_attack("autoattack:version=rand,steps=3,draws=2")->propose(victim, batch, Norm::linf, {0.05});
  const AttackAudit audit = victim.audit();
  ASSERT_GE(audit.stages.size(), 1u);
  EXPECT_EQ(audit.stages[0].attack, "apgd-ce");
  // Gradients: the start and 3 steps, 2 draws each, for every image that an attack got; each is then asked 4 times.
  int64_t gradients = 0, answers = 6 * 4;
  for (const Stage& stage : audit.stages) {
    gradients += stage.tried * 4 * 2;
    answers += stage.tried * 4;
  }
  EXPECT_EQ(audit.backward, gradients);
  EXPECT_EQ(audit.forward, gradients + answers);
}

TEST(AutoAttackOptions, TooManyClassesAreRefused) {
  ModelCard card;
  card.classes = 3;
  for (const char* attack : {"apgd-t:classes=3", "fab-t:classes=3", "fab:classes=3", "deepfool:classes=7"}) {
    EXPECT_THROW(make_attack(attack)->check(card), InputError) << attack;
  }
  EXPECT_NO_THROW(make_attack("autoattack")->check(card));
  ASSERT_EQ(make_attack("apgd-t")->notes(card).size(), 1u) << "the loss needs four classes";
  EXPECT_EQ(make_attack("autoattack")->notes(card)[0].substr(0, 7), "apgd-t:");
}

// ---- the nearest adversarial image --------------------------------------------------------------------------------

/// 2 pixel values, 10 tanh units, 3 classes.
class PlaneNet : public Model {
 public:
  PlaneNet() {
    card_.architecture = "plane";
    card_.classes = 3;
    card_.input = {2, 1, 1};
    card_.options = Json::object();
    card_.gate_mode = "none";
  }
  Output forward(const at::Tensor& images, const Pass&) override {
    return {at::linear(at::linear(images.flatten(1) - 0.5, first_, bias_).tanh(), second_), {}};
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return false; }

 private:
  at::Tensor first_ = drawn({10, 2}, 4) * 3, bias_ = drawn({10}, 5), second_ = drawn({3, 10}, 6);
  ModelCard card_;
};

/// The least distance at which a point in any of many directions, inside the box, is of another class; by bisection
/// after a coarse walk outwards.
double nearest_by_brute_force(PlaneNet& net, const at::Tensor& image, int64_t label, Norm norm) {
  constexpr int64_t kDirections = 3000, kSteps = 400;
  const at::Tensor angle =
      at::arange(kDirections, at::TensorOptions(at::kDouble)) * (2 * std::numbers::pi / kDirections);
  at::Tensor direction = at::stack({angle.cos(), angle.sin()}, 1).view({-1, 2, 1, 1});
  direction = direction / sizes_of(direction, norm).view({-1, 1, 1, 1});
  double best = 2;
  for (int64_t step = 1; step <= kSteps; ++step) {
    const double radius = 1.5 * static_cast<double>(step) / kSteps;
    const at::Tensor points = image + direction * radius;
    const at::Tensor inside = points.ge(0).logical_and(points.le(1)).flatten(1).all(1);
    const at::Tensor wrong = net.forward(points, {}).logits.argmax(1).ne(label).logical_and(inside);
    if (!wrong.any().item<bool>()) continue;
    const at::Tensor found = direction.index_select(0, wrong.nonzero().squeeze(1));
    at::Tensor high = at::full({found.size(0), 1, 1, 1}, radius, at::TensorOptions(at::kDouble));
    at::Tensor low = at::full_like(high, 1.5 * static_cast<double>(step - 1) / kSteps);
    for (int halving = 0; halving < 30; ++halving) {
      const at::Tensor middle = (low + high) / 2;
      const at::Tensor there = net.forward(image + found * middle, {}).logits.argmax(1).ne(label).view({-1, 1, 1, 1});
      low = at::where(there, low, middle);
      high = at::where(there, middle, high);
    }
    best = high.min().item<double>();
    return best;
  }
  return best;
}

TEST(NearestAttacks, AgreeWithBruteForceOnAPlane) {
  const OneThread one_thread;
  PlaneNet net;
  auto generator = at::detail::createCPUGenerator(12);
  const at::Tensor images = at::rand({12, 2, 1, 1}, generator, at::TensorOptions(at::kDouble)) * 0.8 + 0.1;
  const Batch batch = labelled(net, images);
  constexpr int64_t kImages = 12;
  for (const Norm norm : all_norms()) {
    std::vector<double> least, best(kImages, 10);
    for (int64_t i = 0; i < kImages; ++i) {
      least.push_back(nearest_by_brute_force(net, images.slice(0, i, i + 1), batch.labels[i].item<int64_t>(), norm));
    }
    for (const std::string name : {"fab-t:steps=200", "fab:steps=200", "fmn:steps=1000,step_size=0.5",
                                   "ddn:steps=1000,gamma=0.02", "cw:steps=500,step_size=0.02"}) {
      const auto attack = make_attack(name);
      const auto norms = attack->norms();
      if (std::find(norms.begin(), norms.end(), norm) == norms.end()) continue;
      Victim victim(net, 0);
      const at::Tensor x = attack->propose(victim, batch, norm, {5.0})[0], distance = sizes_of(x - images, norm);
      const at::Tensor wrong = net.forward(x, {}).logits.argmax(1).ne(batch.labels);
      int64_t optimal = 0;
      for (size_t i = 0; i < kImages; ++i) {
        const auto row = static_cast<int64_t>(i);
        if (!wrong[row].item<bool>()) continue;
        const double found = distance[row].item<double>();
        EXPECT_GE(found, least[i] * 0.995) << name << norm_name(norm) << i << ": brute force should be best";
        if (found <= least[i] * 1.01) ++optimal;
        best[i] = std::min(best[i], found);
      }
      EXPECT_GE(optimal, kImages / 2) << name << " " << norm_name(norm);
    }
    // Each may end where the boundary is only locally the nearest; together they hardly do.
    int64_t optimal = 0;
    for (size_t i = 0; i < kImages; ++i) optimal += best[i] <= least[i] * 1.01 ? 1 : 0;
    EXPECT_GE(optimal, 10) << norm_name(norm);
  }
}

// ---- Black boxes ---------------------------------------------------------------------------------------------------

/// The boundary of a linear model is a plane, whose nearest point is known.
TEST(HopSkipJump, WalksToTheNearestPointOfAPlane) {
  const at::Tensor raw = drawn({3, 3, 3}, 7), weight = raw - raw.mean();  // so that noise is of either class
  const at::Tensor images = random_images(4, 8, 3) * 0.2 + 0.4;
  LinearModel model(weight, 0.3);
  const Batch batch = labelled(model, images);
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    const at::Tensor slope = sizes_of(weight.unsqueeze(0), norm == Norm::linf ? Norm::l1 : Norm::l2);
    const at::Tensor optimum = model.forward(images, {}).logits.select(1, 1).abs() / slope;
    Victim victim(model, 0);
    const at::Tensor x = make_attack("hopskipjump:samples=500")->propose(victim, batch, norm, {1.0})[0];
    EXPECT_EQ(model.forward(x, {}).logits.argmax(1).ne(batch.labels).sum().item<int64_t>(), 4) << norm_name(norm);
    const at::Tensor ratio = sizes_of(x - images, norm) / optimum;
    EXPECT_GE(ratio.min().item<double>(), 1) << norm_name(norm);
    EXPECT_LE(ratio.max().item<double>(), 1.02) << norm_name(norm);
    EXPECT_EQ(victim.audit().backward, 0);
  }
}

/// Counted apart from the attack: its images are broken exactly where its record says that they are.
TEST_F(Cascade, BlackBoxesSayAfterHowManyAnswersImagesBroke) {
  for (const std::string attack : {"square:queries=", "spsa:pairs=8,step_size=0.02,steps="}) {
    const auto broken = [&](int64_t many, AttackAudit* audit) {
      return broken_by(attack + std::to_string(many), 0.1, audit).sum().item<int64_t>();
    };
    AttackAudit whole;
    const int64_t in_all = broken(100, &whole);
    int64_t recorded = 0;
    for (const auto& [answers, images] : whole.broken_after) recorded += images;
    EXPECT_GE(whole.broken_after.size(), 3u) << attack;
    if (attack.starts_with("square")) {
      EXPECT_EQ(recorded, in_all);
    } else {
      EXPECT_LE(recorded, in_all);  // what the last step of SPSA breaks is seen by the verdict alone
    }
    const int64_t cut = 20, answers = attack.starts_with("square") ? cut : 17 * cut + 1;
    AttackAudit part;
    const int64_t in_part = broken(cut, &part);
    int64_t by_then = 0;
    for (const auto& [after, images] : whole.broken_after) by_then += after <= answers ? images : 0;
    EXPECT_LE(by_then, in_part) << attack;
    AttackAudit of_a_part;
    broken_by("autoattack:steps=2,queries=20", 0.03, &of_a_part);
    EXPECT_TRUE(of_a_part.broken_after.empty());
  }
}

}  // namespace
}  // namespace aigis
