// What checks look at, what they leave undecided, and what they say of it.
#include "reports/checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "reports/flags.h"
#include "tests/evaluation.h"
#include "tests/planted_gates.h"

namespace aigis {
namespace {

TEST(Checks, ADefenseAloneIsUndecided) {
  const auto jpeg = std::make_shared<Jpeg>(JpegOptions{});
  EXPECT_EQ(level_of(checks_of({.name = "alone", .defense = jpeg, .undefended = false}), "ablation"), "undecided");
  EXPECT_EQ(level_of(checks_of({.name = "beside", .defense = jpeg}), "ablation"), "passed");
}

// Where the defense saves images and seeing it brings none back; where it saves none there is nothing to bring back.
TEST(Checks, SightOfADefenseMustBeOfUse) {
  const auto level = [](const std::shared_ptr<const Defense>& defense, bool undefended) {
    return level_of(checks_of({.name = "tie", .defense = defense, .undefended = undefended}), "bpda");
  };
  EXPECT_EQ(level(std::make_shared<LooksUp>(), true), "warning");
  EXPECT_EQ(level(std::make_shared<LooksUp>(), false), "undecided") << "what it saves is unknown";
  EXPECT_EQ(level(std::make_shared<LetsThrough>(), true), "undecided");
}

TEST(Checks, WithoutAnAttackNothingIsClaimed) {
  const Json checks = checks_of({.name = "none", .attack = nullptr});
  EXPECT_EQ(level_of(checks, "randomness"), "passed");
  EXPECT_EQ(level_of(checks, "noise"), "absent");
}

// What loses to ten plain steps could not have raised anything.
TEST(Checks, TheGateAwareChallengerGoesAsFarAsPgd) {
  const Json checks = checks_of({.name = "gated", .model = std::make_shared<Gated>()});
  const auto aware =
      std::find_if(checks.begin(), checks.end(), [](const Json& check) { return check["check"] == "gate-aware"; });
  ASSERT_NE(aware, checks.end());
  EXPECT_LE((*aware)["numbers"]["lost"], 2) << *aware;
}

// Whatever the number of images, a report comes of it.
TEST(Checks, AHandfulOfImagesIsUndecided) {
  for (int64_t images = 1; images <= 8; ++images) {
    const Json checks = checks_of({.name = "few", .data = patterned().first(images)});
    for (const Json& check : checks) {
      EXPECT_TRUE(check["smallest_effect"].is_null() || check["smallest_effect"] <= 1) << check;
    }
    EXPECT_EQ(level_of(checks, "batch-dependence"), images == 1 ? "undecided" : "passed");
    EXPECT_EQ(level_of(checks, "uphill"), images < 7 ? "undecided" : "passed");
  }
}

/// A quarter of the images that it is shown have no gradient.
class FlatForSome : public PatternNet {
  at::Tensor before(const at::Tensor& images, const Pass& pass) override {
    return at::where(per_image(pass.image_ids.remainder(4).eq(0), images), images.detach(), images);
  }
};

// More than a quarter of the images must be downhill, and those without a gradient are none of them.
TEST(Checks, UphillSaysHowManyImagesItWouldTake) {
  const auto uphill = [](const std::shared_ptr<Model>& model, int64_t images) {
    const Json checks = checks_of({.name = "some", .model = model, .data = patterned().first(images)});
    return *std::find_if(checks.begin(), checks.end(), [](const Json& check) { return check["check"] == "uphill"; });
  };
  const Json all = uphill(std::make_shared<PatternNet>(), 24);
  EXPECT_EQ(all["smallest_effect"], 7.0 / 24) << all;
  const Json some = uphill(std::make_shared<FlatForSome>(), 24);
  EXPECT_EQ(some["count"], 18) << some;
  EXPECT_EQ(some["smallest_effect"], 5.0 / 18) << some;
  const Json few = uphill(std::make_shared<FlatForSome>(), 8);
  EXPECT_EQ(few["level"], "undecided") << few;
  EXPECT_TRUE(few["smallest_effect"].is_null()) << few;
}

// What nobody could look at has not been passed.
TEST(Checks, WhatWasNotSeenIsAbsent) {
  const Json black = checks_of({.name = "black box", .attack = make_attack("square:queries=20")});
  EXPECT_EQ(level_of(black, "gradients"), "absent");
  EXPECT_EQ(level_of(black, "best-iterate"), "passed");
  const Json random = checks_of({.name = "random", .model = std::make_shared<NoisyGate>()});
  EXPECT_EQ(level_of(random, "best-iterate"), "absent");
  EXPECT_EQ(level_of(random, "gradients"), "passed");
}

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
  const double apart = std::abs(clean["numbers"]["now"].get<double>() - clean["numbers"]["recorded"].get<double>());
  EXPECT_NEAR(clean["smallest_effect"].get<double>() * clean["numbers"]["standard_errors"].get<double>(), 4 * apart,
              1e-12);

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

// An attack that wants a wrong answer at the same cost passes by wrong answers at another cost, and loses nothing by
// it. A claim of robustness rests on it all the same.
TEST(Checks, WhatAnAttackDoesNotWantIsNotLost) {
  for (const auto& [attack, level] : {std::pair{"gate-reroute:steps=5", "absent"},
                                      {"gate-flip:steps=5", "passed"},
                                      {"gate-joint:steps=5", "passed"}}) {
    const Json checks = checks_of({.name = attack, .model = std::make_shared<Gated>(), .attack = make_attack(attack)});
    EXPECT_EQ(level_of(checks, "best-iterate"), level) << attack;
    EXPECT_NE(level_of(checks, "iterated"), "absent") << attack;
  }
  const Json checks =
      checks_of({.name = "sloth", .model = std::make_shared<Gated>(), .attack = make_attack("gate-sloth")});
  EXPECT_EQ(level_of(checks, "iterated"), "absent") << "which wants no answer";
}

// A gate that is open as surely as wanted has no slope left, which is no reason to doubt: neither of the attack nor of
// the worst case that holds it.
TEST(Checks, WhatHasReachedItsAimSeesNoSlope) {
  SweepPlan plan;
  auto model = std::make_shared<Gated>();
  plan.models = {model};
  plan.runs = plan_runs({make_attack("pgd:steps=2"), make_attack("gate-sloth:steps=20,confidence=0.5")}, {nullptr},
                        {Access{}}, true);
  plan.epsilons = {0.02};
  plan.data = patterned();
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  const ReportedModel reported{"gated", "", "", nullptr, {}, model->card()};
  ASSERT_EQ(plan.runs.size(), 3);
  for (size_t r = 1; r < 3; ++r) {
    const RunTally& tally = result.tallies[0][r];
    EXPECT_EQ(tally.cells[0].audit.zero_gradients, 0);
    for (const Json& flag : make_flags(plan, plan.runs[r], tally, tally.cells[0], reported)) {
      EXPECT_NE(flag["check"], "zero-gradient") << r;
    }
  }
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
  const std::string path = testing::TempDir() + "checks.journal";
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
