// What an attack is given to see: the defended model, or the bare one for several defenses at once.
#include <ATen/ops/full.h>

#include <algorithm>

#include "tests/greys.h"

namespace aigis {
namespace {

// A defense that mirrors grey levels turns the gradient's sign: who knows of it pushes one way, who does not the other.
class Mirror : public Defense {
 public:
  std::string name() const override { return "mirror"; }
  Json options() const override { return Json::object(); }
  std::string gradient_mode() const override { return "exact"; }
  at::Tensor apply(const at::Tensor& images, const Pass&) const override { return 1 - images; }
};

TEST(Access, GreyBoxDoesNotSeeTheDefense) {
  Dataset data = greys();
  data.labels = 1 - data.labels;  // right behind the mirror, all wrong without it
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
  plan.runs = plan_runs({fgsm()}, {std::make_shared<Mirror>()}, {Access{}, Access{"grey-box", nullptr}}, false);
  plan.epsilons = {50.0 / 255};
  plan.data = data;
  Journal journal;
  const std::vector<RunTally> tallies = run_sweep(plan, journal).tallies[0];
  ASSERT_EQ(tallies.size(), 2u);
  EXPECT_EQ(tallies[0].clean.accuracy.successes(), 40);
  EXPECT_EQ(tallies[0].cells[0].pass.accuracy.successes(), 0) << "white box: every image falls";
  EXPECT_EQ(tallies[1].cells[0].pass.accuracy.successes(), 40) << "grey box: it pushes away from the boundary";
}

/// Attacks that see no defense, each judged behind one and without: two runs of the same proposals.
std::vector<RunTally> behind_a_mirror_and_without(const std::vector<std::shared_ptr<const Attack>>& attacks) {
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
  plan.runs = plan_runs(attacks, {std::make_shared<Mirror>(), nullptr}, {Access{"grey-box", nullptr}}, false);
  plan.epsilons = {10.0 / 255};
  plan.data = greys();
  Journal journal;
  return run_sweep(plan, journal).tallies[0];
}

TEST(Access, WhatTransfersIsMadeOnceForAllJudges) {
  const auto above = [](double mean) { return std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -mean); };
  int64_t made = 0;
  SweepPlan plan;
  plan.models = {above(0.5), above(0.6)};
  plan.runs =
      plan_runs({planted([&](const at::Tensor& x, double epsilon) {
                  ++made;
                  return x + epsilon;
                })},
                {nullptr}, {Access{"transfer:other", above(0.4)}, Access{"transfer:another", above(0.3)}}, false);
  plan.epsilons = {10.0 / 255};
  plan.data = greys();
  Journal journal;
  const auto tallies = run_sweep(plan, journal).tallies;
  EXPECT_EQ(made, 2) << "one for each model that is seen";
  for (const size_t r : {0, 1}) {
    EXPECT_EQ(tallies[0][r].cells[0].pass.accuracy.successes(), 35) << "of levels up to 126 those from 118 cross 127.5";
    EXPECT_EQ(tallies[1][r].cells[0].pass.accuracy.successes(), 32) << "of levels from 128 those to 142 stay below 153";
  }
}

/// Proposals that attacks have made, and how many of those before each were still held when it was made.
struct Proposed {
  std::vector<c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>> made;
  int64_t alive = 0;

  at::Tensor next(const at::Tensor& x) {
    alive += std::count_if(made.begin(), made.end(), [](const auto& images) { return !images.expired(); });
    const at::Tensor images = x.clone();
    made.emplace_back(images.getIntrusivePtr());
    return images;
  }
};

// Proposals fill the device: an attack's are let go of before the next one begins.
TEST(Access, ProposalsAreKeptAsLongAsALaterRunNeedsThem) {
  Proposed proposed;
  const auto act = [&](const at::Tensor& x, double) { return proposed.next(x); };
  behind_a_mirror_and_without({planted(act), planted(act)});
  EXPECT_EQ(proposed.made.size(), 2u) << "one for each attack";
  EXPECT_EQ(proposed.alive, 0);
}

TEST(Access, WhatTransfersIsLetGoOfOnceAllHaveJudgedIt) {
  const auto linear = [] { return std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5); };
  Proposed proposed;
  const auto act = [&](const at::Tensor& x, double) { return proposed.next(x); };
  SweepPlan plan;
  plan.models = {linear(), linear()};
  plan.runs = plan_runs({planted(act), planted(act)}, {std::make_shared<Mirror>(), nullptr},
                        {Access{"transfer:a", linear()}, Access{"transfer:b", linear()}}, false);
  plan.epsilons = {10.0 / 255};
  plan.data = greys();
  Journal journal;
  run_sweep(plan, journal);
  EXPECT_EQ(proposed.made.size(), 4u) << "one for each attack on each model that is seen";
  EXPECT_EQ(proposed.alive, 0);
}

/// Sees no gradient, but what it has learnt from some training images before.
class Learner : public Planted {
 public:
  explicit Learner(int64_t* lessons) : Planted([](const at::Tensor& x, double) { return x; }), lessons_(lessons) {}
  int64_t learns_from() const override { return 2; }
  std::shared_ptr<const Attack> learnt(Victim&, const Batch&, Norm, at::ArrayRef<double>) const override {
    ++*lessons_;
    return std::make_shared<Learner>(lessons_);
  }

 private:
  int64_t* lessons_;
};

// Learning may take long: what is known of one judge by then is in the journal before the next one is learnt from.
TEST(Access, AttacksLearnFromAModelWhenItsTurnComes) {
  const auto linear = [] { return std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5); };
  int64_t lessons = 0;
  std::vector<int64_t> learnt_by_then;
  SweepPlan plan;
  plan.models = {linear(), linear()};
  plan.runs = plan_runs({planted([&](const at::Tensor& x, double) {
                           learnt_by_then.push_back(lessons);
                           return x;
                         }),
                         std::make_shared<Learner>(&lessons)},
                        {nullptr}, {Access{}, Access{"transfer:other", linear()}}, false);
  plan.epsilons = {10.0 / 255};
  plan.data = plan.training = greys();
  Journal journal;
  run_sweep(plan, journal);
  EXPECT_EQ(learnt_by_then, (std::vector<int64_t>{1, 2, 3})) << "of each model, and of what others are attacked by";
  EXPECT_EQ(lessons, 3) << "from the other model once";
}

TEST(Access, OnlyWhoSeesTheJudgeShouldKeepWhatItMeets) {
  const std::vector<RunTally> tallies =
      behind_a_mirror_and_without({planted([](const at::Tensor& x, double) { return x; })});
  EXPECT_EQ(tallies[0].cells[0].watched, 0);
  EXPECT_EQ(tallies[1].cells[0].watched, kImages);
}

// An image that the attacked model gets wrong may need more to be wrong for another model, or behind a defense.
TEST(Access, OnlyWhoSeesTheJudgeStopsAtWhatItBreaks) {
  const auto linear = [] { return std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5); };
  SweepPlan plan;
  plan.models = {linear()};
  plan.runs = plan_runs({make_attack("pgd:steps=3")}, {nullptr, std::make_shared<Mirror>()},
                        {Access{"grey-box", nullptr}, Access{"transfer:other", linear()}}, false);
  plan.epsilons = {50.0 / 255};
  plan.data = greys();
  Journal journal;
  const std::vector<RunTally> tallies = run_sweep(plan, journal).tallies[0];
  ASSERT_EQ(tallies.size(), 4u);
  EXPECT_LT(tallies[0].cells[0].audit.backward, 3 * kImages) << "without a defense grey-box is white-box";
  for (const size_t r : {1, 2, 3}) {
    EXPECT_EQ(tallies[r].cells[0].audit.backward, 3 * kImages) << plan.runs[r].access.name;
  }
}

}  // namespace
}  // namespace aigis
