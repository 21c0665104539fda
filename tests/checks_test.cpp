// What checks look at, and what they leave undecided.

#include <gtest/gtest.h>

#include <algorithm>

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
  const auto aware = std::find_if(checks.begin(), checks.end(),
                                  [](const Json& check) { return check["check"].get<std::string>() == "gate-aware"; });
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

Json uphill(const std::shared_ptr<Model>& model, int64_t images) {
  const Json checks = checks_of({.name = "some", .model = model, .data = patterned().first(images)});
  return *std::find_if(checks.begin(), checks.end(),
                       [](const Json& check) { return check["check"].get<std::string>() == "uphill"; });
}

// More than a quarter of the images must be downhill, and those without a gradient are none of them.
TEST(Checks, UphillSaysHowManyImagesItWouldTake) {
  const Json all = uphill(std::make_shared<PatternNet>(), 24);
  EXPECT_EQ(all["smallest_effect"], 7.0 / 24) << all;
  const Json some = uphill(std::make_shared<FlatForSome>(), 24);
  EXPECT_EQ(some["count"], 18) << some;
  EXPECT_EQ(some["smallest_effect"], 5.0 / 18) << some;
  const Json few = uphill(std::make_shared<FlatForSome>(), 8);
  EXPECT_EQ(few["level"], "undecided") << few;
  EXPECT_TRUE(few["smallest_effect"].is_null()) << few;
}

/// Along a fixed graph only the first images have a gradient, which promises twice of what comes.
class PromisesTooMuch : public PatternNet {
 public:
  explicit PromisesTooMuch(int64_t images) : images_(images) {}

 private:
  at::Tensor before(const at::Tensor& images, const Pass& pass) override {
    if (pass.gate_gradient != GateGradient::fixed_graph) return images;
    const at::Tensor still = images.detach();
    return at::where(per_image(pass.image_ids.lt(images_), images), still + (images - still) * 2, still);
  }

  int64_t images_;
};

TEST(Checks, UphillTellsOfShortStepsOnlyOnEnoughImages) {
  const Json few = uphill(std::make_shared<PromisesTooMuch>(6), 24);
  EXPECT_EQ(few["level"].get<std::string>(), "passed") << few;
  const Json enough = uphill(std::make_shared<PromisesTooMuch>(7), 24);
  EXPECT_EQ(enough["level"].get<std::string>(), "warning") << enough;
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

}  // namespace
}  // namespace aigis
