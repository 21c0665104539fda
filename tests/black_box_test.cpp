// Attacks that see answers alone: what they find by them, and how many they take.
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <numeric>

#include "lib/eval/verdict.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/networks.h"

namespace aigis {
namespace {

using Record = std::map<int64_t, int64_t>;  ///< images that broke, by the answers to each

/// Images that broke within so many answers.
int64_t broken_by(const Record& record, int64_t answers) {
  return std::accumulate(record.begin(), record.upper_bound(answers), int64_t{0},
                         [](int64_t sum, const auto& entry) { return sum + entry.second; });
}

class BlackBox : public ::testing::Test {
 protected:
  BlackBox() { batch_.labels[0] = (batch_.labels[0] + 1).remainder(6); }  // one that is wrong from the start

  struct Outcome {
    at::Tensor broken;  ///< [N] bool
    AttackAudit audit;
  };
  Outcome run(const std::string& attack, const Batch& batch, double epsilon = 0.1) {
    Victim victim(net_, 3, Judge::this_model);
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {epsilon})[0];
    EXPECT_EQ(admit(batch.images, x, Norm::linf, epsilon).over_budget, 0) << attack;
    return {net_.forward(x, {}).logits.argmax(1).ne(batch.labels), victim.audit()};
  }

  const OneThread one_thread_;
  SmoothNet net_{drawn({8, 3, 3, 3}, 1), drawn({8, 8, 3, 3}, 2) * 0.3, drawn({6, 8 * 64}, 3) * 0.1, {3, 8, 8}};
  Batch batch_ = labelled(net_, random_images(30, 1, 8));
};

/// From answers alone nearly as much as from gradients; and as many answers as it says.
TEST_F(BlackBox, SpsaFindsMostOfWhatGradientsFind) {
  constexpr double kEpsilon = 0.045;
  const Outcome by_gradients = run("pgd:steps=40", batch_, kEpsilon);
  const Outcome by_answers = run("spsa:steps=20,pairs=100,stop=false", batch_, kEpsilon);
  EXPECT_GE(by_answers.broken.sum().item<int64_t>(), by_gradients.broken.sum().item<int64_t>() * 2 / 3);
  EXPECT_EQ(by_answers.audit.forward, 30 * 20 * 2 * 100);
  EXPECT_EQ(by_answers.audit.backward, 0);
}

// An image that is alone is left as soon as it is broken, so that all of its answers are those that broke it.
TEST_F(BlackBox, RecordsTheAnswersThatEachImageTook) {
  for (const std::string attack :
       {"square:queries=100", "spsa:pairs=8,step_size=0.02,steps=40", "hopskipjump:samples=20,steps=15"}) {
    const Record together = run(attack, batch_).audit.broken_after;
    Record one_by_one;
    for (int64_t i = 0; i < 30; ++i) {
      const Outcome alone = run(attack, batch_.part(i, 1));
      if (alone.audit.broken_after.empty()) continue;
      EXPECT_EQ(alone.audit.broken_after, (Record{{alone.audit.forward, 1}})) << attack << " " << i;
      EXPECT_TRUE(alone.broken.all().item<bool>()) << attack << " " << i;
      ++one_by_one[alone.audit.forward];
    }
    EXPECT_EQ(together, one_by_one) << attack;
    EXPECT_GE(together.size(), 5u) << attack;
    EXPECT_GE(together.begin()->second, 1) << attack;
  }
}

// Cut off after any number of answers, an attack has broken what its record says, and nothing else.
TEST_F(BlackBox, BreaksNothingBeforeItsRecordSaysSo) {
  const auto check = [&](const std::string& attack, int64_t answers_of_one, int64_t steps) {
    const Record whole = run(attack + std::to_string(steps), batch_).audit.broken_after;
    at::Tensor before = at::zeros({30}, at::kBool);
    for (int64_t cut = 1; cut <= steps; ++cut) {
      const at::Tensor broken = run(attack + std::to_string(cut), batch_).broken;
      EXPECT_EQ(broken.sum().item<int64_t>(), broken_by(whole, answers_of_one * cut + 1)) << attack << cut;
      EXPECT_FALSE(before.logical_and(broken.logical_not()).any().item<bool>()) << attack << cut;
      before = broken;
    }
    EXPECT_GE(whole.size(), 5u) << attack;
  };
  check("square:queries=", 1, 90);
  check("spsa:pairs=8,step_size=0.02,steps=", 2 * 8 + 1, 15);
}

/// Its gates' noise makes the very first answer of a search look best of all.
class LuckyAtFirst : public LinearModel {
 public:
  LuckyAtFirst() : LinearModel(at::full({3, 4, 4}, 1.0 / 48, at::TensorOptions(at::kDouble)), 0) {
    card_.has_random_gates = true;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = LinearModel::forward(images, pass);
    if (pass.noise.step == 0 && pass.noise.draw == 0) output.logits = output.logits * 0.1;
    return output;
  }
};

// It is asked again, and so bars no later square.
TEST(BlackBoxOfRandomGates, ALuckyAnswerDoesNotStand) {
  LuckyAtFirst model;
  const Batch batch{at::full({5, 3, 4, 4}, 0.5, at::TensorOptions(at::kDouble)),
                    at::full({5}, 1, at::TensorOptions(at::kLong)), ids_of(5)};
  const auto brightness = [&](int64_t queries) {
    Victim victim(model, 3, Judge::this_model);
    const at::Tensor x =
        make_attack(fmt::format("square:queries={}", queries))->propose(victim, batch, Norm::linf, {0.1})[0];
    EXPECT_EQ(victim.audit().forward, 5 * (1 + 2 * queries)) << "two answers a square";
    EXPECT_EQ(victim.audit().backward, 0);
    return x.mean({1, 2, 3});
  };
  EXPECT_TRUE(brightness(200).lt(brightness(1) - 0.01).all().item<bool>());
}

TEST_F(BlackBox, AWalkLeapsAsOftenAsItSays) {
  constexpr int64_t kHalvings = 16;  // of a bisection in Linf, for 192 pixel values
  constexpr int64_t kGivenUp = 1 + 100;
  int64_t walks = 0;
  for (int64_t i = 1; i < 30; ++i) {
    const auto answers = [&](int steps) {
      return run(fmt::format("hopskipjump:samples=10,stop=false,steps={}", steps), batch_.part(i, 1)).audit.forward;
    };
    const int64_t one = answers(1), two = answers(2);
    if (one == kGivenUp) continue;
    ++walks;
    // The clean image, a start, its way to the boundary; an estimate, a leap, and its way back.
    EXPECT_GE(one, 1 + 1 + kHalvings + 10 + 1 + kHalvings) << i;
    EXPECT_GE(two - one, 14 + 1 + kHalvings) << i << ": the estimates grow with the root of the step";
    EXPECT_LE(two - one, 14 + 30 + kHalvings) << i;
  }
  EXPECT_GT(walks, 10);
}

TEST_F(BlackBox, OneWalkTellsTheAnswersOfEachBudget) {
  const std::string attack = "hopskipjump:samples=20,steps=15";
  const std::vector<double> budgets{0.2, 0.05, 0.1};
  Victim victim(net_, 3, Judge::this_model);
  make_attack(attack)->propose(victim, batch_, Norm::linf, budgets);
  for (size_t b = 0; b < budgets.size(); ++b) {
    const Record record = victim.audit(b).broken_after;
    EXPECT_EQ(record, run(attack, batch_, budgets[b]).audit.broken_after) << budgets[b];
    EXPECT_GE(record.size(), 2u) << budgets[b];
  }
  Victim for_another(net_, 3, Judge::another);
  make_attack(attack)->propose(for_another, batch_, Norm::linf, budgets);
  EXPECT_TRUE(for_another.audit().broken_after.empty()) << "it does not know what the judge will say";
}

TEST_F(BlackBox, APartOfAnEnsembleCountsNothing) {
  EXPECT_TRUE(run("autoattack:steps=2,queries=20", batch_, 0.03).audit.broken_after.empty());
}

}  // namespace
}  // namespace aigis
