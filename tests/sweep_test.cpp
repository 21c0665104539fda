// The sweep on a model in closed form, and planted defects: each must raise the flag that is named for it.
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lib/core/error.h"
#include "reports/comparison.h"
#include "reports/flags.h"
#include "reports/report.h"
#include "reports/schema.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"

namespace aigis {
namespace {

constexpr int64_t kImages = 40;

/// An attack that goes wrong in a chosen way.
class Planted : public Attack {
 public:
  explicit Planted(std::function<at::Tensor(const at::Tensor&, double)> act) : act_(std::move(act)) {}
  std::string name() const override { return "planted"; }
  Json options() const override { return Json::object(); }
  std::string gradient_mode() const override { return "none"; }
  std::vector<Norm> norms() const override { return {Norm::linf}; }
  std::vector<at::Tensor> propose(Victim&, const Batch& batch, Norm, at::ArrayRef<double> epsilons) const override {
    std::vector<at::Tensor> all;
    for (const double epsilon : epsilons) all.push_back(act_(batch.images, epsilon));
    return all;
  }

 private:
  std::function<at::Tensor(const at::Tensor&, double)> act_;
};

/// Grey images of 40 levels around the boundary of a model that compares the mean with one half.
Dataset greys() {
  Dataset data;
  data.name = "greys";
  data.part = Part::test;
  data.classes = {"dark", "bright"};
  data.ids = at::arange(kImages, at::TensorOptions(at::kLong));
  const at::Tensor level = data.ids * 2 + 88;  // 88, 90, … 166: twenty below 127.5 and twenty above
  data.images = level.to(at::kByte).view({-1, 1, 1, 1}).expand({kImages, 1, 2, 2}).contiguous();
  data.labels = level.gt(127).to(at::kLong);
  return data;
}

struct Outcome {
  Json report;
  Json flags_of(size_t run) const { return report["runs"][run]["flags"]; }
  bool has(size_t run, const std::string& check) const {
    for (const auto& flag : flags_of(run)) {
      if (flag["check"] == check) return true;
    }
    return false;
  }
};

/// All attacks and, where there are several, their worst case.
Outcome sweep_all(const std::vector<std::shared_ptr<const Attack>>& attacks, std::vector<double> epsilons,
                  Dataset data = greys(), Json record = nullptr, int64_t batch = 7, int64_t workers = 1) {
  SweepPlan plan;
  auto model = std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5);
  plan.models = {model};
  plan.runs = plan_runs(attacks, {nullptr}, {Access{}}, attacks.size() > 1);
  plan.epsilons = std::move(epsilons);
  plan.data = std::move(data);
  plan.batch = batch;
  plan.workers = workers;
  Journal journal;
  ReportContext context;
  context.tool = {{"version", "0"},
                  {"commit", "0"},
                  {"build", {{"compiler", "c"}, {"libtorch", "l"}, {"cuda", false}}},
                  {"command_line", ""}};
  context.environment = {{"cpu", ""}, {"device", "cpu"}, {"threads", 1}, {"determinism", ""}};
  context.config = Json::object();
  context.data_spec = "greys";
  context.models = {{"linear", "linear.safetensors", std::string(64, '0'), std::move(record), {}, model->card()}};
  Outcome outcome{make_report(plan, run_sweep(plan, journal), {{}}, context)};
  validate_report(outcome.report, "the report");
  return outcome;
}

Outcome sweep(std::shared_ptr<const Attack> attack, std::vector<double> epsilons, Dataset data = greys(),
              Json record = nullptr, int64_t batch = 7, int64_t workers = 1) {
  return sweep_all({std::move(attack)}, std::move(epsilons), std::move(data), std::move(record), batch, workers);
}

std::shared_ptr<const Attack> fgsm() { return make_attack("fgsm"); }

std::shared_ptr<const Attack> planted(std::function<at::Tensor(const at::Tensor&, double)> act) {
  return std::make_shared<Planted>(std::move(act));
}

/// What a checkpoint would record of its accuracy on held-out greys.
Json record(double value, double low, double high) {
  Json json{{"data", "greys"}};
  json["held_out"]["none"] = {{"value", value}, {"successes", 1}, {"trials", 1}};
  json["held_out"]["none"]["ci95"] = {low, high};
  return json;
}

// Darkening breaks the bright images within reach and brightening the dark ones: together they break both.
TEST(Sweep, WorstCaseTakesTheWorstForEachImage) {
  const auto shift = [](double by) {
    return planted([by](const at::Tensor& x, double epsilon) { return (x + by * epsilon).clamp(0, 1); });
  };
  const Outcome outcome = sweep_all({shift(-1), shift(1), nullptr}, {4.0 / 255, 10.0 / 255});
  const Json& runs = outcome.report["runs"];
  ASSERT_EQ(runs.size(), 8u);
  for (size_t e = 0; e < 2; ++e) {
    const int64_t each = e == 0 ? 2 : 5;  // of levels 128, 130, … those within reach of 127.5
    const auto right = [&](size_t run) { return runs[2 * run + e]["accuracy"]["robust"]["successes"].get<double>(); };
    EXPECT_EQ(right(0), kImages - each);
    EXPECT_EQ(right(1), kImages - each);
    EXPECT_EQ(right(2), kImages);
    EXPECT_EQ(right(3), kImages - 2 * each);
    const Json& worst = runs[6 + e];
    EXPECT_EQ(worst["attack"]["name"], "worst-case");
    EXPECT_EQ(worst["attack"]["options"]["attacks"], (Json{"planted", "planted (2)"}));
    const Json stages{{{"attack", "planted"}, {"tried", kImages}, {"broken", each}},
                      {{"attack", "planted (2)"}, {"tried", kImages - each}, {"broken", each}}};
    EXPECT_EQ(worst["stages"], stages);
  }
  EXPECT_EQ(sweep(fgsm(), {0.1}).report["runs"].size(), 1u) << "one attack has no worst case";
}

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

// Towards "bright", every image gains the budget: those that then lie above 127.5 reach it, whatever their label.
TEST(Sweep, CountsTargetsReached) {
  const Outcome outcome = sweep(make_attack("fgsm:target=1"), {0, 10.0 / 255, 25.0 / 255});
  for (size_t e = 0; e < 3; ++e) {
    const Json& run = outcome.report["runs"][e];
    int64_t reached = 0;
    for (int64_t i = 0; i < kImages; ++i)
      reached += static_cast<double>(2 * i + 88) + 255 * run["epsilon"].get<double>() > 127.5;
    EXPECT_EQ(run["accuracy"]["on_target"]["successes"], static_cast<double>(reached)) << e;
    EXPECT_EQ(run["accuracy"]["on_target"]["trials"], kImages);
  }
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

// An attack that works within small budgets only. Nested, what fell within the small one stays fallen within the large
// one, its example lies inside, and it is not attacked again.
TEST(Sweep, NestedBudgetsKeepWhatFell) {
  int64_t attacked = 0;
  const auto moody = planted([&](const at::Tensor& x, double epsilon) {
    attacked += x.size(0);
    return epsilon > 20.0 / 255 ? x : at::where(x.gt(0.5), x - epsilon, x + epsilon);
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
  EXPECT_NEAR(nested[1].linf_max, 10.0 / 255, 1e-6);
}

// An attack whose work serves all budgets is watched where it is asked for one, and where it is not asked at all.
TEST(Sweep, WhatNestedAttacksMeetIsWatched) {
  SweepPlan plan;
  plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.25), -0.5)};
  plan.runs = plan_runs({make_attack("fgsm")}, {nullptr}, {Access{}}, false);
  plan.epsilons = {100.0 / 255, 120.0 / 255};
  plan.data = greys();
  for (const bool nested : {false, true}) {
    plan.nested = nested;
    Journal journal;
    for (const CellTally& cell : run_sweep(plan, journal).tallies[0][0].cells) {
      EXPECT_EQ(cell.watched, nested ? kImages : 0);
      EXPECT_EQ(cell.pass.accuracy.successes(), 0);
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

TEST(Flags, OversteppedBudget) {
  const auto attack = planted([](const at::Tensor& x, double epsilon) { return (x + 1.5 * epsilon).clamp(0, 1); });
  EXPECT_TRUE(sweep(attack, {8.0 / 255}).has(0, "budget"));
  EXPECT_LE(sweep(attack, {8.0 / 255}).report["runs"][0]["perturbation"]["linf"]["max"].get<double>(),
            8.0 / 255 + 1e-7);
}

TEST(Flags, LeftBox) {
  const auto attack = planted([](const at::Tensor& x, double) { return x * 0 + 1.01; });
  EXPECT_TRUE(sweep(attack, {1}).has(0, "box"));
}

TEST(Flags, NotFinite) {
  const auto attack = planted([](const at::Tensor& x, double) { return at::full_like(x, std::nan("")); });
  const Outcome outcome = sweep(attack, {8.0 / 255});
  EXPECT_TRUE(outcome.has(0, "proposal-not-finite"));
  EXPECT_EQ(outcome.report["runs"][0]["accuracy"]["robust"]["successes"], 40.0) << "clean images are judged instead";
}

TEST(Flags, ZeroGradient) {
  Dataset data = greys();
  data.images = data.images.clone();
  // A logit difference of 250 in float32 leaves no gradient: softmax is exactly one-hot.
  SweepPlan plan;
  auto model = std::make_shared<LinearModel>(at::full({1, 2, 2}, 500.0), -1000);
  plan.models = {model};
  plan.runs = plan_runs({fgsm()}, {nullptr}, {Access{}}, false);
  plan.epsilons = {8.0 / 255};
  plan.data = data;
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  EXPECT_GT(result.tallies[0][0].cells[0].audit.zero_gradients, 0);
}

TEST(Flags, AnswersThatLookLikeProbabilities) {
  const auto flagged = [](double score) {
    SweepPlan plan;
    plan.models = {std::make_shared<LinearModel>(at::full({1, 2, 2}, 0.0), score)};
    plan.runs = plan_runs({fgsm()}, {nullptr}, {Access{}}, false);
    plan.epsilons = {8.0 / 255};
    plan.data = greys();
    Journal journal;
    const RunTally tally = run_sweep(plan, journal).tallies[0][0];
    const ReportedModel reported{"linear", "", "", nullptr, {}, plan.models[0]->card()};
    const Json flags = make_flags(plan, plan.runs[0], tally, tally.cells[0], reported);
    return std::any_of(flags.begin(), flags.end(), [](const Json& flag) { return flag["check"] == "probabilities"; });
  };
  EXPECT_TRUE(flagged(1));  // 0 and 1
  EXPECT_FALSE(flagged(2));
}

// Three quarters of a level across the boundary, which rounding towards the clean image takes back.
TEST(Flags, AnAttackThatRoundingUndoes) {
  const auto barely = planted([](const at::Tensor& x, double) { return at::where(x.gt(0.5), x, x + 0.75 / 255); });
  Dataset dark = greys();
  dark.images = at::full_like(dark.images, 127);
  dark.labels = at::zeros_like(dark.labels);
  const Outcome outcome = sweep(barely, {1.0 / 255}, dark);
  EXPECT_EQ(outcome.report["runs"][0]["accuracy"]["robust"]["successes"], 0.0);
  EXPECT_EQ(outcome.report["runs"][0]["accuracy"]["robust_quantized"]["successes"], 40.0);
  EXPECT_TRUE(outcome.has(0, "rounding"));
  EXPECT_FALSE(sweep(fgsm(), {1.0 / 255}, dark).has(0, "rounding"));
}

TEST(Flags, CleanAccuracyThatCannotBe) {
  EXPECT_FALSE(sweep(fgsm(), {0}, greys(), record(0.97, 0.95, 0.99)).has(0, "clean-accuracy"));
  EXPECT_FALSE(sweep(fgsm(), {0}, greys(), record(0.97, 0.95, 0.99)).has(0, "clean-accuracy-unchecked"));
  EXPECT_TRUE(sweep(fgsm(), {0}, greys(), nullptr).has(0, "clean-accuracy-unchecked"));
  Dataset shifted = greys();
  shifted.labels = 1 - shifted.labels;  // labels off by one
  EXPECT_TRUE(sweep(fgsm(), {0}, shifted, record(0.97, 0.95, 0.99)).has(0, "clean-accuracy"));
}

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

TEST(Comparisons, PairModelsUnderTheSameSettingAndSayWhatIsDecided) {
  const auto run = [](const char* model, double epsilon) {
    return Json{{"model", model},
                {"attack", {{"name", "fgsm"}, {"options", Json::object()}}},
                {"defense", {{"name", "none"}}},
                {"access", "white-box"},
                {"epsilon", epsilon},
                {"norm", "linf"},
                {"accuracy", {{"draws", 1}}}};
  };
  const Json runs{run("a", 0.1), run("a", 0.2), run("b", 0.1), run("b", 0.2)};
  std::vector<int64_t> all(40, 1), none(40, 0), some(40, 1);
  some[0] = some[1] = 0;
  const Json list = comparisons_json(runs, {none, some, all, all});
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["run_a"], 0);
  EXPECT_EQ(list[0]["run_b"], 2);
  EXPECT_EQ(list[0]["difference"], -1);
  EXPECT_EQ(list[0]["more_robust"], "b");
  EXPECT_EQ(list[1]["run_a"], 1);
  EXPECT_EQ(list[1]["p"], 0.5);  // two images, both for b
  EXPECT_EQ(list[1]["more_robust"], nullptr);
  EXPECT_NEAR(list[0]["p_holm"].get<double>(), 2 * 2 * std::pow(0.5, 40), 1e-20);
  const std::string text = comparisons_text(
      {{"schema", "aigis-report"}, {"models", {{{"id", "a"}}, {{"id", "b"}}}}, {"runs", runs}, {"comparisons", list}});
  EXPECT_NE(text.find("1 of 2 comparisons"), std::string::npos) << text;
  EXPECT_NE(text.find("b more robust than a: FGSM, no defense, epsilon 25.5/255: +100.00 points [86.02, 100.00]"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace aigis
