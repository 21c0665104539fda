// Nested budgets: what fell within a smaller one has fallen within a larger one.
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/where.h>

#include <limits>

#include "attacks/parts/ensemble.h"
#include "tests/greys.h"

namespace aigis {
namespace {

/// Across the boundary within a small budget, and nothing within a large one.
at::Tensor breaks_less_within_more(const at::Tensor& x, double epsilon) {
  return epsilon > 20.0 / 255 ? x : at::where(x.gt(0.5), x - epsilon, x + epsilon);
}

// An attack that works within small budgets only. Nested, what fell within the small one stays fallen within the large
// one, its example lies inside, and it is not attacked again.
TEST(Nested, BudgetsKeepWhatFell) {
  int64_t attacked = 0;
  const auto moody = planted([&](const at::Tensor& x, double epsilon) {
    attacked += x.size(0);
    return breaks_less_within_more(x, epsilon);
  });
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
  plan.runs = plan_runs({moody}, {nullptr}, {Access{}}, false);
  plan.epsilons = {10.0 / 255, 30.0 / 255};
  plan.data = greys();
  const auto cells = [&](bool nested) {
    plan.nested = nested;
    attacked = 0;
    Journal journal;
    return run_sweep(plan, journal).tallies[0][0].cells;
  };
  const auto apart = cells(false), nested = cells(true);
  const double left = nested[0].pass.accuracy.successes();
  EXPECT_EQ(left, apart[0].pass.accuracy.successes());
  EXPECT_LT(left, 40);
  EXPECT_GT(left, 0);
  EXPECT_EQ(apart[1].pass.accuracy.successes(), 40);
  EXPECT_EQ(nested[1].pass.accuracy.successes(), left);
  EXPECT_EQ(attacked, 40 + static_cast<int64_t>(left));
  EXPECT_NEAR(nested[1].linf.max, 10.0 / 255, 1e-6);
}

TEST(Budgets, WithinNoneThereIsNowhereToGo) {
  int64_t attacked = 0;
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
  plan.runs = plan_runs({planted([&](const at::Tensor& x, double) {
                          attacked += x.size(0);
                          return x;
                        })},
                        {nullptr}, {Access{}}, false);
  plan.epsilons = {0, 1.0 / 255};
  plan.data = greys();
  for (const bool nested : {false, true}) {
    plan.nested = nested;
    attacked = 0;
    Journal journal;
    const RunTally tally = run_sweep(plan, journal).tallies[0][0];
    EXPECT_EQ(tally.cells[0].pass.accuracy.successes(), tally.cells[1].pass.accuracy.successes());
    EXPECT_EQ(attacked, 40) << "within the second budget alone";
  }
}

/// Looks at a batch once, before any budget.
class LooksFirst : public Planted {
 public:
  LooksFirst() : Planted([](const at::Tensor& x, double) { return x; }) {}
  std::shared_ptr<const Attack> prepared_for(Victim& victim, const Batch& batch) const override {
    victim.forward(batch.images, batch.ids, {});
    return std::make_shared<LooksFirst>();
  }
};

TEST(Budgets, WhatServesAllIsCountedWithTheFirstThatIsAttacked) {
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
  plan.runs = plan_runs({std::make_shared<LooksFirst>()}, {nullptr}, {Access{}}, false);
  plan.epsilons = {0, 1.0 / 255, 2.0 / 255};
  plan.data = greys();
  plan.nested = true;
  Journal journal;
  const auto cells = run_sweep(plan, journal).tallies[0][0].cells;
  EXPECT_EQ(cells[0].audit.forward, 0);
  EXPECT_EQ(cells[1].audit.forward, 40);
  EXPECT_EQ(cells[2].audit.forward, 40) << "nested budgets count the work of smaller ones, too, and it is done once";
}

/// Just across the boundary within a small budget, where rounding to 8 bits takes the images back, and within a large
/// one what it is made to do.
class Barely : public Planted {
 public:
  using Larger = std::function<at::Tensor(const at::Tensor&, double)>;
  Barely(const Larger& larger, bool shares)
      : Planted([larger](const at::Tensor& x, double epsilon) {
          return epsilon > kSmall ? larger(x, epsilon)
                                  : at::where(x.gt(127.5 / 255), (x - epsilon).clamp_min(127.4 / 255), x);
        }),
        shares_(shares) {}
  bool shares_budgets() const override { return shares_; }
  static constexpr double kSmall = 10.0 / 255, kLarge = 30.0 / 255;

 private:
  bool shares_;
};

// What rounding takes back is attacked again: a larger budget has its own images in 8 bits. Where these are not even
// broken, within the budget, the smaller one's stay.
TEST(Nested, BudgetsGoOnWhereRoundingMends) {
  const auto cells = [](const Barely::Larger& larger, bool shares) {
    SweepPlan plan;
    plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
    plan.runs = plan_runs({std::make_shared<Barely>(larger, shares)}, {nullptr}, {Access{}}, false);
    plan.epsilons = {Barely::kSmall, Barely::kLarge};
    plan.data = greys();
    plan.nested = true;
    Journal journal;
    return run_sweep(plan, journal).tallies[0][0].cells;
  };
  for (const bool shares : {false, true}) {
    const auto works = cells([](const at::Tensor& x, double epsilon) { return (x - epsilon).clamp(0, 1); }, shares);
    EXPECT_EQ(works[0].pass.accuracy.successes(), kImages - 5);
    EXPECT_EQ(works[0].quantized.successes(), kImages);
    EXPECT_EQ(works[1].pass.accuracy.successes(), kImages - 15);
    EXPECT_EQ(works[1].quantized.successes(), kImages - 15);
    const std::vector<Barely::Larger> vain{
        [](const at::Tensor& x, double) { return x; },
        [](const at::Tensor& x, double) { return at::full_like(x, std::numeric_limits<double>::quiet_NaN()); },
        [](const at::Tensor& x, double epsilon) {  // bright ones, dark by a pixel far outside, until it is cut
          at::Tensor outside = x + epsilon;
          outside.select(3, 0).select(2, 0).fill_(-100);
          return at::where(x.gt(127.5 / 255), outside, x);
        }};
    for (const auto& larger : vain) {
      const auto fails = cells(larger, shares);
      EXPECT_EQ(fails[1].pass.accuracy.successes(), kImages - 5);
    }
  }
}

/// Attacks on bright and on dark images, one after the other.
class InTurn : public Ensemble {
 public:
  InTurn(std::shared_ptr<const Attack> bright, std::shared_ptr<const Attack> dark)
      : stages_{{"bright", std::move(bright)}, {"dark", std::move(dark)}} {}
  std::string name() const override { return "in-turn"; }
  Json options() const override { return Json::object(); }

 private:
  const EnsembleStages& stages(Norm) const override { return stages_; }
  EnsembleStages stages_;
};

// Of the levels 88, 90, … 166 the smaller budget takes 128 to 136 across, where rounding mends them, and 118 to 126 for
// good; the larger one takes 128 to 156, the mended ones once more, and 98 to 116.
TEST(Nested, WhoBrokeAnImageFirstIsCountedOnce) {
  const auto bright = std::make_shared<Barely>(
      [](const at::Tensor& x, double epsilon) { return at::where(x.gt(0.5), x - epsilon, x); }, false);
  const auto dark = planted([](const at::Tensor& x, double epsilon) { return at::where(x.lt(0.5), x + epsilon, x); });
  const auto stages_of = [](const std::vector<std::shared_ptr<const Attack>>& attacks) {
    SweepPlan plan;
    plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
    plan.runs = plan_runs(attacks, {nullptr}, {Access{}}, attacks.size() > 1);
    plan.epsilons = {Barely::kSmall, Barely::kLarge};
    plan.data = greys();
    plan.batch = 7;
    plan.nested = true;
    Journal journal;
    std::vector<std::vector<int64_t>> counts;  // of each budget: tried and broken, stage by stage
    const SweepResult result = run_sweep(plan, journal);
    for (const CellTally& cell : result.tallies[0].back().cells) {
      std::vector<int64_t>& of_budget = counts.emplace_back();
      for (const Stage& stage : cell.audit.stages) {
        of_budget.push_back(stage.tried);
        of_budget.push_back(stage.broken);
      }
    }
    return counts;
  };
  const std::vector<std::vector<int64_t>> expected{{40, 5, 35, 5}, {40, 15, 25, 15}};
  EXPECT_EQ(stages_of({std::make_shared<InTurn>(bright, dark)}), expected);
  EXPECT_EQ(stages_of({bright, dark}), expected) << "and so does their worst case";
}

// What misses its target would be attacked again within a larger budget though it was wrong already, and may end right:
// accuracy would rise with the budget.
TEST(Nested, AttacksWithATargetAreNot) {
  const auto is_nested_by = [](const std::string& attack) {
    SweepPlan plan;
    plan.nested = true;
    plan.runs = plan_runs({make_attack(attack)}, {nullptr}, {Access{}}, false);
    return is_nested(plan, plan.runs[0], LinearModel(at::full({1, 2, 2}, 0.25), -0.5).card());
  };
  for (const std::string attack : {"fgsm", "pgd", "apgd-ce", "spsa"}) {
    EXPECT_TRUE(is_nested_by(attack)) << attack;
    EXPECT_FALSE(is_nested_by(attack + ":target=1")) << attack;
    EXPECT_FALSE(is_nested_by(attack + ":target=least-likely")) << attack;
  }
  EXPECT_TRUE(is_nested_by("apgd-t")) << "its targets are a way to any wrong answer";
}

/// Breaks less within a larger budget, by work that serves all.
class Sharing : public Planted {
 public:
  explicit Sharing(int64_t* times) : Planted(breaks_less_within_more), times_(times) {}
  bool shares_budgets() const override { return true; }
  std::vector<at::Tensor> propose(Victim& victim, const Batch& batch, Norm norm,
                                  at::ArrayRef<double> epsilons) const override {
    ++*times_;
    return Planted::propose(victim, batch, norm, epsilons);
  }

 private:
  int64_t* times_;
};

TEST(Nested, WorkThatServesAllBudgetsIsDoneOnce) {
  int64_t times = 0;
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
  plan.runs = plan_runs({std::make_shared<Sharing>(&times)}, {nullptr}, {Access{}}, false);
  plan.epsilons = {10.0 / 255, 30.0 / 255};
  plan.data = greys();
  plan.batch = kImages;
  plan.nested = true;
  Journal journal;
  const auto cells = run_sweep(plan, journal).tallies[0][0].cells;
  EXPECT_EQ(times, 1);
  EXPECT_EQ(cells[0].pass.accuracy.successes(), kImages - 10);
  EXPECT_EQ(cells[1].pass.accuracy.successes(), kImages - 10);
  EXPECT_NEAR(cells[1].linf.max, 10.0 / 255, 1e-6);
}

}  // namespace
}  // namespace aigis
