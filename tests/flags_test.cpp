// Planted defects: each raises the flag that is named for it.
#include "reports/flags.h"

#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "reports/clean_accuracy.h"
#include "tests/greys.h"

namespace aigis {
namespace {

// Lists may be of different lengths.
TEST(Flags, TheFirstClassOfAnotherNameIsTold) {
  const auto told = [](const std::vector<std::string>& of_model, const std::vector<std::string>& of_data) {
    const Json flag = other_class_names(of_model, of_data);
    return flag.is_null() ? "" : flag["message"].get<std::string>();
  };
  EXPECT_EQ(told({}, {"a", "b"}), "") << "it names none";
  EXPECT_EQ(told({"a", "b"}, {"a", "b"}), "");
  const std::string asked = " in the data: was the model trained for this data?";
  EXPECT_EQ(told({"a", "b"}, {"a", "c"}), "class 1 is 'b' in the checkpoint and 'c'" + asked);
  EXPECT_EQ(told({"a", "b"}, {"a"}), "class 1 is 'b' in the checkpoint and none" + asked);
  EXPECT_EQ(told({"a"}, {"a", "b"}), "class 1 is none in the checkpoint and 'b'" + asked);
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

/// Brightens by a number of levels, which turns the answers to dark images closer than that to the boundary.
class Brightens : public Planted {
 public:
  Brightens(double levels, bool keep_label)
      : Planted([levels](const at::Tensor& x, double) { return x + levels / 255; }), keep_label_(keep_label) {}
  Json options() const override { return {{"keep_label", keep_label_}}; }

 private:
  bool keep_label_;
};

TEST(Flags, AnswersThatWereToBeKept) {
  const auto flagged = [](double levels, bool keep_label) {
    const Outcome outcome = sweep(std::make_shared<Brightens>(levels, keep_label), {16.0 / 255});
    const double changed = (levels - 1) / 2;
    EXPECT_EQ(outcome.report["runs"][0]["accuracy"]["label_kept"]["successes"], kImages - changed);
    return outcome.has(0, "label-lost");
  };
  EXPECT_FALSE(flagged(1, true)) << "all are kept";
  EXPECT_FALSE(flagged(7, true)) << "37 of 40 may be 95 %: Wilson's interval ends at 97 %";
  EXPECT_TRUE(flagged(13, true)) << "34 of 40 are not: it ends at 93 %";
  EXPECT_FALSE(flagged(13, false)) << "nobody asked for it";
}

TEST(Flags, CleanAccuracyThatCannotBe) {
  EXPECT_FALSE(sweep(fgsm(), {0}, greys(), record(0.97, 0.95, 0.99)).has(0, "clean-accuracy"));
  EXPECT_FALSE(sweep(fgsm(), {0}, greys(), record(0.97, 0.95, 0.99)).has(0, "clean-accuracy-unchecked"));
  EXPECT_TRUE(sweep(fgsm(), {0}, greys(), nullptr).has(0, "clean-accuracy-unchecked"));
  Dataset shifted = greys();
  shifted.labels = 1 - shifted.labels;  // labels off by one
  EXPECT_TRUE(sweep(fgsm(), {0}, shifted, record(0.97, 0.95, 0.99)).has(0, "clean-accuracy"));
}

// One wrong answer of one is no defect: one image in eleven gets it.
TEST(Flags, AHandfulOfImagesIsTooFewForCleanAccuracy) {
  Dataset shifted = greys();
  shifted.labels = 1 - shifted.labels;
  for (int64_t images = 1; images <= 6; ++images) {
    const Outcome outcome = sweep(fgsm(), {0}, shifted.first(images), record(0.91, 0.902, 0.918));
    EXPECT_EQ(outcome.has(0, "clean-accuracy"), images >= 5) << "2 x .09^4 is one case in 7,600, and .09^5 in 85,000";
    EXPECT_EQ(outcome.has(0, "clean-accuracy-unchecked"), images < 5);
  }
}

/// So many right of so many images, where training recorded 90.96 % of 5,000 held-out ones.
CleanComparison compared(int64_t right, int64_t images) {
  const auto all = static_cast<double>(images), hits = static_cast<double>(right);
  return {hits / all, wilson(hits, all), images, 0.9096, wilson(4548, 5000)};
}

// With the error that an accuracy has itself, not that of the one observed.
TEST(Flags, TheSmallestEffectOnCleanAccuracyIsOneThatIsFlagged) {
  for (const auto& [images, right] : {std::pair<int64_t, int64_t>{5, 0}, {20, 9}, {100, 73}, {300, 245}, {1000, 863}}) {
    const double effect = 0.9096 - static_cast<double>(right) / static_cast<double>(images);
    EXPECT_NEAR(compared(images * 9 / 10, images).smallest_effect().value(), effect, 1e-12) << images;
    EXPECT_TRUE(compared(right, images).is_implausible()) << images;
    EXPECT_FALSE(compared(right + 1, images).is_implausible()) << images;
  }
  EXPECT_FALSE(compared(4, 4).smallest_effect());
}

// Where hardly any is right, none is no wonder.
TEST(Flags, FromALowRecordARiseIsTheSmallestEffect) {
  const CleanComparison low{0.1, wilson(10, 100), 100, 0.02, wilson(100, 5000)};
  const double rise = low.smallest_effect().value();
  EXPECT_GT(rise, 0.02) << "further than to none";
  const auto right = static_cast<double>(std::llround(100 * (0.02 + rise)));
  EXPECT_TRUE((CleanComparison{right / 100, wilson(right, 100), 100, 0.02, wilson(100, 5000)}.is_implausible()));
}

}  // namespace
}  // namespace aigis
