// The worst of several attacks, image by image, on a model in closed form.
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "tests/greys.h"
#include "tests/three_gates.h"

namespace aigis {
namespace {

// Darkening breaks the bright images within reach and brightening the dark ones: together they break both.
TEST(Sweep, WorstCaseTakesTheWorstForEachImage) {
  const auto shift = [](double by) {
    return planted([by](const at::Tensor& x, double epsilon) { return (x + by * epsilon).clamp(0, 1); });
  };
  Dataset data = greys();
  data.labels[0] = 1;  // wrong without an attack, and nobody's
  const Outcome outcome = sweep_all({shift(-1), shift(1), nullptr}, {4.0 / 255, 10.0 / 255}, data);
  const Json& runs = outcome.report["runs"];
  ASSERT_EQ(runs.size(), 8u);
  const int64_t clean = kImages - 1;
  for (size_t e = 0; e < 2; ++e) {
    const int64_t each = e == 0 ? 2 : 5;  // of levels 128, 130, … those within reach of 127.5
    const auto right = [&](size_t run) { return runs[2 * run + e]["accuracy"]["robust"]["successes"].get<double>(); };
    EXPECT_EQ(right(0), clean - each);
    EXPECT_EQ(right(1), clean - each);
    EXPECT_EQ(right(2), clean);
    EXPECT_EQ(right(3), clean - 2 * each);
    const Json& worst = runs[6 + e];
    EXPECT_EQ(worst["attack"]["name"], "worst-case");
    EXPECT_EQ(worst["attack"]["options"]["attacks"], (Json{"planted", "planted (2)"}));
    const Json stages{{{"attack", "planted"}, {"tried", clean}, {"broken", each}},
                      {{"attack", "planted (2)"}, {"tried", clean - each}, {"broken", each}}};
    EXPECT_EQ(worst["stages"], stages);
  }
  EXPECT_EQ(sweep(fgsm(), {0.1}).report["runs"].size(), 1u) << "one attack has no worst case";
}

// The first attack stops just behind the boundary, where rounding takes its images back; the second goes on.
TEST(Sweep, WorstCaseIsTheWorstInEightBitsToo) {
  const auto barely = planted([](const at::Tensor& x, double epsilon) {
    return at::where(x.gt(127.5 / 255), (x - epsilon).clamp_min(127.4 / 255), x);
  });
  const auto far = planted([](const at::Tensor& x, double epsilon) { return (x - epsilon).clamp(0, 1); });
  const Outcome outcome = sweep_all({barely, far}, {10.0 / 255});
  const auto right = [&](size_t run, const char* which) {
    return outcome.report["runs"][run]["accuracy"][which]["successes"].get<double>();
  };
  EXPECT_EQ(right(0, "robust"), kImages - 5);
  EXPECT_EQ(right(0, "robust_quantized"), kImages);
  EXPECT_EQ(right(2, "robust"), kImages - 5);
  EXPECT_EQ(right(2, "robust_quantized"), kImages - 5);
}

// Attacks that do nothing differ by nothing but luck, and the luckiest must not be taken by its luck.
TEST(Sweep, WorstCaseOfRandomGatesIsJudgedByDrawsOfItsOwn) {
  const auto model = std::make_shared<ThreeGates>(true, 5);
  const auto nothing = [](const at::Tensor& x, double) { return x; };
  SweepPlan plan;
  plan.models = {model};
  plan.runs = plan_runs({planted(nothing), planted(nothing)}, {nullptr}, {Access{}}, true);
  plan.epsilons = {0.1};
  plan.data.name = "grey";
  plan.data.classes = {"dark", "bright"};
  plan.data.ids = at::arange(60, at::TensorOptions(at::kLong));
  plan.data.images = at::full({60, 3, 2, 2}, 127, at::TensorOptions(at::kByte));
  plan.data.labels = at::zeros({60}, at::TensorOptions(at::kLong));
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  const Batch all = take(plan.data, 0, 60, plan.device);
  for (const auto& [run, draws] : {std::pair{0, Purpose::verdict_gates}, {2, Purpose::redraw_gates}}) {
    const std::vector<int64_t> hits = listed(judge(*model, all.images, all, plan.seed, draws).hits);
    const RunTally& tally = result.tallies[0][static_cast<size_t>(run)];
    EXPECT_EQ(tally.cells[0].hits, hits) << run;
    EXPECT_EQ(tally.clean_hits, hits) << "clean images and attacked ones are compared at the same noise";
  }
  EXPECT_NE(result.tallies[0][0].clean_hits, result.tallies[0][2].clean_hits);
}

}  // namespace
}  // namespace aigis
