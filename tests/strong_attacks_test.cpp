// AutoAttack as the sum of its attacks.
#include <ATen/ops/equal.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "attacks/parts/objective.h"
#include "lib/core/error.h"
#include "lib/eval/verdict.h"
#include "tests/attacks.h"
#include "tests/networks.h"

namespace aigis {
namespace {

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

// The last image may leave the batch at any step, also at one where the steps are about to be shortened.
TEST_F(Cascade, ABatchMayBreakEntirely) {
  for (const auto& [norm, unit] : {std::pair{Norm::linf, 0.02}, {Norm::l2, 0.2}, {Norm::l1, 2.0}}) {
    for (const char* attack : {"apgd-ce", "apgd-dlr", "autoattack:queries=50"}) {
      for (const double times : {4.0, 8.0, 16.0}) {
        for (const int64_t images : {1, 5}) {
          const Batch batch = batch_.part(0, images);
          Victim victim(net_, 3, Judge::this_model);
          const at::Tensor x = make_attack(attack)->propose(victim, batch, norm, {times * unit})[0];
          const at::Tensor broken = net_.forward(x, {}).logits.argmax(1).ne(batch.labels);
          EXPECT_TRUE(times < 16 || broken.all().item<bool>()) << attack << norm_name(norm) << images;
        }
      }
    }
  }
}

TEST_F(Cascade, ManyDrawsAreAskedForEveryImageThatStands) {
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

// The label itself is not among what an image is driven to, also where it does not rank first.
TEST_F(Cascade, AnImageThatIsWrongAlreadyIsDrivenToTheAnswerThatItGets) {
  const at::Tensor logits = net_.forward(batch_.images, {}).logits;
  Goal goal;
  goal.targets = batch_.labels;
  goal.labels = batch_.labels = std::get<1>(logits.topk(2, 1)).select(1, 1);
  const at::Tensor ranking = likeliest_wrong(logits, batch_.labels);
  EXPECT_TRUE(at::equal(ranking.select(1, 0), goal.targets));
  EXPECT_FALSE(ranking.eq(batch_.labels.unsqueeze(1)).any().item<bool>());
  ASSERT_EQ(ranking.size(1), 5);
  Victim victim(net_, 3);
  const at::Tensor x = make_attack("apgd-t:classes=1,steps=10")->propose(victim, batch_, Norm::linf, {0.03})[0];
  const auto dlr = [&](const at::Tensor& seen) { return loss_value(LossKind::dlr, seen, goal); };
  const at::Tensor before = dlr(logits), after = dlr(net_.forward(x, {}).logits);
  EXPECT_TRUE(after.gt(before + 0.05).all().item<bool>()) << before << after;
}

TEST(AutoPgdOptions, LargerBudgetsAreForL1) {
  for (const char* name : {"apgd-ce", "apgd-dlr", "apgd-t"}) {
    const auto attack = make_attack(std::string(name) + ":larger_budgets=true");
    EXPECT_EQ(attack->norms(), std::vector<Norm>{Norm::l1}) << name;
    EXPECT_EQ(attack->refusal(Norm::l2),
              "larger_budgets=true is for the norm l1, not l2; expected larger_budgets=false");
    EXPECT_EQ(attack->refusal(Norm::l1), "");
    EXPECT_EQ(make_attack(name)->norms(), all_norms());
  }
}

// Each of the three budgets begins with the gradient of its start.
TEST_F(Cascade, LargerBudgetsShareTheSteps) {
  for (const int64_t steps : {1, 2, 3, 10}) {
    Victim victim(net_, 3);
    make_attack(fmt::format("apgd-ce:larger_budgets=true,steps={}", steps))
        ->propose(victim, batch_.part(0, 1), Norm::l1, {0.01});
    EXPECT_EQ(victim.audit().backward, 3 + steps);
  }
}

TEST(AutoAttackOptions, TooManyClassesAreRefused) {
  ModelCard card;
  card.classes = 3;
  for (const char* attack : {"apgd-t:classes=3", "fab-t:classes=3", "fab:classes=3", "deepfool:classes=7",
                             "fmn:targets=3", "ddn:targets=3", "cw:targets=3"}) {
    EXPECT_THROW(make_attack(attack)->check(card), InputError) << attack;
  }
  EXPECT_NO_THROW(make_attack("autoattack")->check(card));
  EXPECT_THROW(make_attack("apgd-t:loss=kl"), InputError) << "it always has a target";
  ASSERT_EQ(make_attack("apgd-t")->notes(card).size(), 1u) << "the loss needs four classes";
  EXPECT_EQ(make_attack("autoattack")->notes(card)[0].substr(0, 7), "apgd-t:");
}

}  // namespace
}  // namespace aigis
