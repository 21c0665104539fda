// What is told of what checks found: with which numbers, beside which runs, and once.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "lib/eval/ablation.h"
#include "tests/evaluation.h"
#include "tests/planted_gates.h"
#include "tests/scratch.h"

namespace aigis {
namespace {

// Of several flags the worst is told; what was passed says on how much, and what it could have seen.
TEST(Checks, FlagsAreToldWithTheirNumbers) {
  const auto find = [](const Json& checks, const char* name) {
    return *std::find_if(checks.begin(), checks.end(), [&](const Json& check) { return check["check"] == name; });
  };
  const Json honest = checks_of({.name = "honest"});
  for (const char* name : {"clean-accuracy", "logits", "gradients", "budget", "best-iterate"}) {
    const Json check = find(honest, name);
    EXPECT_FALSE(check["numbers"].empty()) << check;
    EXPECT_FALSE(check["smallest_effect"].is_null()) << check;
  }
  const Json gradients = find(honest, "gradients"), clean = find(honest, "clean-accuracy");
  EXPECT_EQ(gradients["count"], gradients["numbers"]["of"]);
  EXPECT_EQ(gradients["count"].get<double>() * gradients["smallest_effect"].get<double>(), 1);
  EXPECT_EQ(clean["count"], kImages);
  EXPECT_NEAR(clean["smallest_effect"].get<double>(), 0.98 - 177.0 / kImages, 1e-12);

  const Json blind = report_of(
      {.name = "blind", .model = std::make_shared<ScaledUp>(), .attack = make_attack("pgd:steps=10,stop=false")});
  const Json told = find(blind["checks"], "gradients");
  int64_t most = 0;
  for (const Json& run : blind["runs"]) {
    for (const Json& flag : run["flags"]) {
      if (flag["check"] == "zero-gradient") most = std::max(most, flag["numbers"]["gradients"].get<int64_t>());
    }
  }
  EXPECT_EQ(told["runs"].size(), 2);
  EXPECT_GT(most, 0);
  EXPECT_EQ(told["numbers"]["gradients"], most);
}

// No training records them, and on clean images they are argmax.
TEST(Checks, FrozenGatesAreHeldAgainstTheRecordOfArgmax) {
  const auto level = [](const Dataset& data) {
    const auto frozen = std::make_shared<FrozenGraph>(std::make_shared<Gated>(), data, at::kCPU);
    return level_of(checks_of({.name = "frozen", .model = frozen, .data = data}), "clean-accuracy");
  };
  Dataset shifted = patterned();
  shifted.labels = (shifted.labels + 1).remainder(kClasses);
  EXPECT_EQ(level(patterned()), "passed");
  EXPECT_EQ(level(shifted), "error");
}

// A worst case takes no gradient of its own.
TEST(Checks, GradientsAreCountedOnceBesideAWorstCase) {
  const Json report = report_of({.name = "worst case", .before = make_attack("fgsm"), .worst_case = true});
  int64_t taken = 0, worst_cases = 0;
  for (const Json& run : report["runs"]) {
    const int64_t backward = run["queries"]["backward"];
    if (run["attack"]["name"] == "worst-case") worst_cases += backward > 0;
    else taken += backward;
  }
  EXPECT_EQ(worst_cases, 2);
  const Json& checks = report["checks"];
  const auto gradients =
      std::find_if(checks.begin(), checks.end(), [](const Json& check) { return check["check"] == "gradients"; });
  ASSERT_NE(gradients, checks.end());
  EXPECT_EQ((*gradients)["count"], taken);
}

// It is the number that is quoted, and as doubtful as its attacks' numbers.
TEST(Checks, WhatIsRaisedStandsBesideTheWorstCase) {
  const Json report = report_of({.name = "worst case",
                                 .model = std::make_shared<TurnsItsGradient>(),
                                 .before = make_attack("fgsm"),
                                 .worst_case = true});
  int64_t worst_cases = 0;
  for (const Json& run : report["runs"]) {
    if (run["attack"]["name"] != "worst-case" || run["epsilon"] != kEpsilon) continue;
    ++worst_cases;
    std::set<std::string> names;
    for (const Json& flag : run["flags"]) names.insert(flag["check"]);
    for (const char* name : {"uphill", "black-box"}) EXPECT_TRUE(names.contains(name)) << name << run["flags"];
  }
  EXPECT_EQ(worst_cases, 1);
}

/// Counts how often it is asked.
class Counting : public PatternNet {
 public:
  mutable std::atomic<int64_t> asked = 0;

 private:
  at::Tensor before(const at::Tensor& images, const Pass&) override {
    ++asked;
    return images;
  }
};

TEST(Checks, AJournalsFindingsAreNotMadeAgain) {
  const auto model = std::make_shared<Counting>();
  SweepPlan plan;
  plan.models = {model};
  plan.runs = plan_runs({make_attack("fgsm")}, {nullptr}, {Access{}}, false);
  plan.epsilons = {kEpsilon};
  plan.data = patterned();
  const std::string path = scratch("checks.journal");
  std::remove(path.c_str());
  std::vector<std::vector<Finding>> first, second;
  for (auto* findings : {&first, &second}) {
    Journal kept(path, {{"is", "this"}});
    const SweepResult result = run_sweep(plan, kept);
    model->asked = 0;
    *findings = run_checks(plan, result, CheckLevel::full, kept);
    EXPECT_EQ(model->asked > 0, findings == &first);
  }
  ASSERT_EQ(first[0].size(), second[0].size());
  for (size_t i = 0; i < first[0].size(); ++i) EXPECT_EQ(first[0][i].to_json(), second[0][i].to_json());
}

}  // namespace
}  // namespace aigis
