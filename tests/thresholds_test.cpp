// Documented thresholds: what is just below one is not told, and what is just above it is.
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "checks/checks.h"
#include "reports/cost_facts.h"
#include "reports/flags.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/planted.h"

namespace aigis {
namespace {

TEST(Thresholds, RoundingIsToldFromTwoPercentOn) {
  const auto is_told = [](int64_t mended) {
    CellTally cell;
    for (int64_t i = 0; i < 1000; ++i) {
      cell.pass.accuracy.add(i < 550, 1);
      cell.quantized.add(i < 550 + mended, 1);
    }
    const Json flags = make_flags(SweepPlan{}, aigis::Run{}, RunTally{}, cell, ReportedModel{});
    return std::any_of(flags.begin(), flags.end(), [](const Json& flag) { return flag["check"] == "rounding"; });
  };
  EXPECT_FALSE(is_told(19));
  EXPECT_TRUE(is_told(20)) << "also where the difference of two shares is a hair less";
}

TEST(Thresholds, AMonitorLetsFivePercentPass) {
  ModelCard card;
  card.macs_always = 1000;
  card.gated = {{"gate", 1000, 0}};
  RunTally tally;
  tally.clean.spent = {1500, 1500, 1500, 1500, 1500};
  CellTally cell;
  cell.pass.spent = {1449, 1451, 1549, 1550, 1551};
  cell.hits = {0, 0, 0, 0, 0};
  EXPECT_EQ(unseen_and_wrong(card, tally, cell), (std::vector<int64_t>{0, 1, 1, 1, 0}));
}

/// Does nothing, and foretells so many times what a step brings.
class Promises : public LetsThrough {
 public:
  explicit Promises(double times) : times_(times) {}
  at::Tensor apply(const at::Tensor& images, const Pass&) const override {
    return images.detach() + (images - images.detach()) * times_;
  }

 private:
  double times_;
};

// Behind a defense no short step is asked for, which would tell before.
TEST(Thresholds, AFiftiethOfWhatAGradientForetellsIsUphill) {
  const auto finding = [](double times) {
    SweepPlan plan;
    plan.models = {std::make_shared<PatternNet>()};
    plan.runs = {{make_attack("fgsm"), std::make_shared<Promises>(times), Access{}}};
    plan.epsilons = {0.02};
    plan.data = patterned().first(24);
    Journal journal;
    const SweepResult result = run_sweep(plan, journal);
    return checks::uphill(Claim(plan, result.tallies[0], 0, {0})).value();
  };
  const double honest = finding(1).numbers["median_share"];
  for (const auto& [share, level] :
       {std::pair{0.0202, Finding::Level::passed}, std::pair{0.0198, Finding::Level::warning}}) {
    const Finding made = finding(honest / share);
    EXPECT_NEAR(made.numbers["median_share"].get<double>(), share, 1e-5);
    EXPECT_EQ(made.level, level) << made.message;
  }
}

/// Has no answer but to images of whole grey levels.
class WholeLevelsOnly : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass&) override {
    const at::Tensor levels = images.detach() * 255;
    return images + at::where((levels - levels.round()).abs().gt(0.01), std::nan(""), 0.0);
  }
};

// Else it would be no share to take a median of, and pass.
TEST(Thresholds, AStepToWhereThereIsNoLossLeadsNowhere) {
  SweepPlan plan;
  plan.models = {std::make_shared<WholeLevelsOnly>()};
  plan.runs = {{make_attack("fgsm"), nullptr, Access{}}};
  plan.epsilons = {0.02};
  plan.data = patterned().first(24);
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  const Finding made = checks::uphill(Claim(plan, result.tallies[0], 0, {0})).value();
  EXPECT_EQ(made.level, Finding::Level::warning) << made.message;
  EXPECT_EQ(made.numbers["downhill"], made.count);
}

/// Right about images whose mean is above a half, at the cost of a small network: checks may attack all of them.
class Bright : public LinearModel {
 public:
  Bright() : LinearModel(at::full({1, 2, 2}, 0.25), -0.5) { card_.macs_always = 10'000; }
};

class Brightens : public LetsThrough {
 public:
  at::Tensor apply(const at::Tensor& images, const Pass&) const override { return images + 0.1; }
};

/// Of an attack that breaks `saved` of 40 images without the defense, `back` of them with sight of it and none blindly.
Finding bpda_of(int64_t saved, int64_t back) {
  constexpr int64_t kCount = 40;
  const auto attack = std::make_shared<Planted>([=](Victim& victim, const Batch& batch, double) {
    const at::Tensor sees = victim.forward(batch.images, batch.ids, {}).logits.select(1, 1).gt(0.15);
    const at::Tensor change = 0.15 * batch.ids.lt(saved) + 0.1 * sees.logical_and(batch.ids.lt(back));
    return batch.images - per_image(change, batch.images);
  });
  SweepPlan plan;
  plan.models = {std::make_shared<Bright>()};
  plan.runs = plan_runs({attack}, {std::make_shared<Brightens>(), nullptr}, {Access{}}, false);
  plan.epsilons = {0.3};
  plan.data.classes = {"dark", "bright"};
  plan.data.ids = at::arange(kCount, at::TensorOptions(at::kLong));
  plan.data.labels = at::ones({kCount}, at::TensorOptions(at::kLong));
  plan.data.images = at::full({kCount, 1, 2, 2}, 153, at::TensorOptions(at::kByte));  // 0.6
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  return checks::bpda(Claim(plan, result.tallies[0], 0, {0})).value();
}

TEST(Thresholds, SightOfADefenseTakesBackAQuarterOfFourteenImagesOrMore) {
  for (const auto& [saved, back, level] : {std::tuple{17, 4, Finding::Level::warning},
                                           {16, 4, Finding::Level::undecided},
                                           {14, 3, Finding::Level::warning},
                                           {13, 3, Finding::Level::undecided}}) {
    const Finding finding = bpda_of(saved, back);
    EXPECT_EQ(finding.level, level) << finding.message;
  }
}

}  // namespace
}  // namespace aigis
