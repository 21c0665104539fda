// The sweep on a model in closed form.
#include <ATen/ops/full.h>
#include <ATen/ops/where.h>

#include "lib/core/error.h"
#include "tests/greys.h"

namespace aigis {
namespace {

// An image at distance d from 127.5 falls at epsilon d/255: the counts are known without running anything.
TEST(Sweep, FgsmOnGreysByHand) {
  const Outcome outcome = sweep(fgsm(), {0, 4.0 / 255, 10.0 / 255, 39.0 / 255}, greys(), record(1, 0.9, 1));
  std::vector<int64_t> right{40, 0, 0, 0};
  for (size_t e = 1; e < 4; ++e) {
    const double budget = 255 * std::vector<double>{0, 4.0 / 255, 10.0 / 255, 39.0 / 255}[e];
    for (int64_t i = 0; i < kImages; ++i) right[e] += std::abs(static_cast<double>(2 * i + 88) - 127.5) > budget;
  }
  for (size_t e = 0; e < 4; ++e) {
    const Json& run = outcome.report["runs"][e];
    EXPECT_EQ(run["accuracy"]["robust"]["successes"], static_cast<double>(right[e])) << e;
    EXPECT_EQ(run["accuracy"]["clean"]["successes"], 40.0);
    EXPECT_NEAR(run["perturbation"]["linf"]["max"].get<double>(), run["epsilon"].get<double>(), 1e-6);
    EXPECT_EQ(run["flags"].size(), 0u) << run["flags"].dump();
    EXPECT_EQ(run["queries"]["forward"], kImages) << "one gradient an image serves all budgets";
  }
}

// Towards "bright", every image gains the budget: those that then lie above 127.5 reach it. Bright ones are there
// already, and say nothing.
TEST(Sweep, CountsTargetsReached) {
  constexpr int64_t kDark = 20;
  const Outcome outcome = sweep(make_attack("fgsm:target=1"), {0, 10.0 / 255, 25.0 / 255});
  for (size_t e = 0; e < 3; ++e) {
    const Json& run = outcome.report["runs"][e];
    int64_t reached = 0;
    for (int64_t i = 0; i < kDark; ++i) {
      reached += static_cast<double>(2 * i + 88) + 255 * run["epsilon"].get<double>() > 127.5;
    }
    EXPECT_EQ(run["accuracy"]["on_target"]["successes"], static_cast<double>(reached)) << e;
    EXPECT_EQ(run["accuracy"]["on_target"]["trials"], kDark);
  }
  Dataset bright = greys();
  bright.labels.fill_(1);
  EXPECT_TRUE(sweep(make_attack("fgsm:target=1"), {0}, bright).report["runs"][0]["accuracy"]["on_target"].is_null());
  EXPECT_TRUE(sweep(fgsm(), {0}).report["runs"][0]["accuracy"]["on_target"].is_null());
}

TEST(Sweep, ChargesEachBudgetWithItsOwnWork) {
  const Outcome outcome = sweep(make_attack("pgd:steps=3,stop=false"), {4.0 / 255, 10.0 / 255});
  for (const auto& run : outcome.report["runs"]) {
    EXPECT_EQ(run["queries"]["forward"], 3 * kImages);
    EXPECT_EQ(run["queries"]["backward"], 3 * kImages);
  }
}

TEST(Sweep, AnImageThatIsWrongAlreadyIsNotAttacked) {
  constexpr int64_t kWrong = 10;
  Dataset data = greys();
  data.labels = at::where(data.ids.lt(kWrong), 1 - data.labels, data.labels);
  for (const auto& [options, attacked] : {std::pair{"stop=true", kImages - kWrong}, {"stop=false", kImages}}) {
    // Within so small a budget nothing falls.
    const Json run = sweep(make_attack(std::string("pgd:steps=3,") + options), {1e-5}, data).report["runs"][0];
    EXPECT_EQ(run["queries"]["backward"], 3 * attacked) << options;
    EXPECT_EQ(run["accuracy"]["robust"]["successes"], kImages - kWrong) << options;
  }
}

at::Tensor nothing(const at::Tensor& x, double /*epsilon*/) { return x; }

/// Finds out by one pass what it then needs within no budget.
class Preparing : public Planted {
 public:
  explicit Preparing(int64_t* times) : Planted(nothing), times_(times) {}
  std::shared_ptr<const Attack> prepared_for(Victim& victim, const Batch& batch) const override {
    ++*times_;
    victim.aside(batch.images, batch.ids, {});
    return std::make_shared<Planted>(nothing);
  }

 private:
  int64_t* times_;
};

TEST(Sweep, PreparesAnAttackOnceAndChargesEachBudget) {
  int64_t times = 0;
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
  plan.runs = plan_runs({std::make_shared<Preparing>(&times)}, {nullptr}, {Access{}}, false);
  plan.epsilons = {10.0 / 255, 30.0 / 255};
  plan.data = greys();
  plan.batch = kImages;
  for (const bool nested : {false, true}) {
    plan.nested = nested;
    times = 0;
    Journal journal;
    const auto cells = run_sweep(plan, journal).tallies[0][0].cells;
    EXPECT_EQ(times, 1);
    for (const auto& cell : cells) EXPECT_EQ(cell.audit.aside, kImages);
  }
}

// Square begins with stripes, under which an image that is wrong may turn right.
TEST(Sweep, ABlackBoxLeavesWhatIsWrong) {
  Dataset data = greys();
  data.labels.slice(0, 18, 20).fill_(1);    // of levels 124 and 126, just below the boundary
  for (const int64_t batch : {1, 7, 40}) {  // so small that in some nothing is left to attack, or breaks
    for (const char* attack : {"square:queries=3", "spsa:steps=2,pairs=4", "hopskipjump:steps=2,samples=10"}) {
      const Outcome outcome = sweep_all({make_attack(attack)}, {10.0 / 255}, data, nullptr, batch);
      const Json& run = outcome.report["runs"][0];
      EXPECT_EQ(run["queries"]["to_success"][0], (Json{0, 2})) << attack << batch;
      int64_t broken = 0;
      for (const Json& entry : run["queries"]["to_success"]) broken += entry[1].get<int64_t>();
      EXPECT_EQ(run["accuracy"]["robust"]["successes"].get<double>(), static_cast<double>(kImages - broken))
          << attack << batch;
    }
  }
}

// A batch in which nothing is left to attack says no more of that attack than others do.
TEST(Sweep, NobodyWatchedWhereNothingWasAttacked) {
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
  plan.runs = plan_runs({make_attack("deepfool"), make_attack("pgd")}, {nullptr}, {Access{}}, false);
  plan.epsilons = {1e-5, 2e-5};
  plan.data = greys();
  plan.data.labels = 1 - plan.data.labels;
  Journal journal;
  const std::vector<RunTally> tallies = run_sweep(plan, journal).tallies[0];
  EXPECT_EQ(tallies[0].cells[0].watched, 0) << "its work serves both budgets";
  EXPECT_EQ(tallies[1].cells[0].watched, kImages);
}

TEST(Sweep, BatchSizeDoesNotMatter) {
  const Outcome one = sweep(fgsm(), {0, 4.0 / 255}, greys(), nullptr, 1),
                all = sweep(fgsm(), {0, 4.0 / 255}, greys(), nullptr, 1000);
  for (size_t r = 0; r < 2; ++r) EXPECT_EQ(one.report["runs"][r]["accuracy"], all.report["runs"][r]["accuracy"]);
}

TEST(Sweep, WorkersDoNotMatter) {
  const Outcome one = sweep(fgsm(), {0, 4.0 / 255, 10.0 / 255}),
                three = sweep(fgsm(), {0, 4.0 / 255, 10.0 / 255}, greys(), nullptr, 7, 3);
  for (size_t r = 0; r < 3; ++r) {
    for (const char* key : {"accuracy", "perturbation", "queries"}) {
      EXPECT_EQ(one.report["runs"][r][key], three.report["runs"][r][key]) << key;
    }
  }
}

// What one worker throws ends the sweep and reaches the caller as it was thrown.
TEST(Sweep, AWorkersFailureEndsIt) {
  const auto fails = planted([](const at::Tensor& x, double) -> at::Tensor {
    if (x.size(0) == 5) throw RunError("the last batch is damaged");
    return x;
  });
  EXPECT_THROW(sweep(fails, {4.0 / 255}, greys(), nullptr, 7, 3), RunError);
}

}  // namespace
}  // namespace aigis
