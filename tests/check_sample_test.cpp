// How many images full checks attack.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/evaluation.h"
#include "tests/planted_gates.h"

namespace aigis {
namespace {

TEST(Checks, ASampleCostsAFifthOfTheRunOrAMinute) {
  ModelCard card;
  const auto of = [&](int64_t images, int64_t macs) {
    card.macs_always = macs;
    return sample_size(images, card, 200, at::kCPU);
  };
  EXPECT_EQ(of(1000, 41'000'000), 128) << "a ResNet-20 does it in less than a minute";
  EXPECT_EQ(of(1000, 4'000'000'000), 10) << "a fifth of 10,000 gradients, 200 an image";
  EXPECT_EQ(of(300, 4'000'000'000), 0) << "four images could tell nothing";
  EXPECT_EQ(of(10'000, 4'000'000'000), 100) << "a fifth of 100,000 gradients, 200 an image";
  EXPECT_EQ(of(100'000, 4'000'000'000), 128);
  EXPECT_EQ(of(5, 41'000'000), 5);
  EXPECT_EQ(of(4000, 0), 40) << "a model may not say what it costs";
}

/// As slow as a hundred large networks.
class Slow : public PatternNet {
 public:
  Slow() { card_.macs_always = 400'000'000'000; }
};

// A check that would overstep its time is not made, and says so.
TEST(Checks, WhatWouldTakeTooLongIsUndecided) {
  const Json checks = checks_of({.name = "slow", .model = std::make_shared<Slow>()});
  for (const char* name :
       {"noise", "one-step", "iterated", "black-box", "longer", "losses", "large-budget", "unbounded"}) {
    EXPECT_EQ(level_of(checks, name), "undecided") << name;
  }
  for (const char* name : {"randomness", "batch-dependence", "uphill", "gradients"}) {
    EXPECT_EQ(level_of(checks, name), "passed") << name;
  }
}

// What makes no attack on the sample costs nothing: relaxed-mismatch only asks it.
TEST(Checks, WhatAttacksTheSampleSaysWhatThatCosts) {
  for (const Check& check : check_list()) {
    const bool attacks = check.level == CheckLevel::full && std::string(check.name) != "relaxed-mismatch";
    EXPECT_EQ(check.cost != nullptr, attacks) << check.name;
  }
}

TEST(Checks, CostsFollowTheModelAndTheAttack) {
  const auto expect = [](const std::shared_ptr<Model>& model, const std::string& attack, double fixed, double each) {
    SweepPlan plan;
    plan.models = {model};
    plan.runs = plan_runs({make_attack(attack)}, {nullptr}, {Access{}}, false);
    plan.epsilons = {kEpsilon};
    plan.data = patterned();
    Journal journal;
    const SweepResult result = run_sweep(plan, journal);
    const Claim claim(plan, result.tallies[0], 0, {0});
    double cost = 0;
    for (const Check& check : check_list()) cost += check.cost ? check.cost(claim) : 0;
    EXPECT_NEAR(cost, fixed + each * claim.gradients_each(), 1e-6) << attack;
  };
  // FGSM and PGD; noises and Square; PGD within two large budgets; the strongest attack longer, traced, by each loss.
  expect(std::make_shared<PatternNet>(), "pgd", 21 + 300.0 / 3 + 80, 4 + 1 + 4);
  // Square asks twice; five draws in large budgets; all gates open; six ways through a gate; and fixed noise. Noises
  // are told apart by as many draws as the attack takes, and the longer attack takes twice as many.
  const double ways = 2 + 3 * 4.0 / 3 + (1 + 2.0 / 3);
  expect(std::make_shared<NoisyGate>(), "pgd", 21 + 500.0 / 3 + 400 + 20 + 20 * ways, 8 + 1 + 4 + 1);
  expect(std::make_shared<NoisyGate>(), "pgd:draws=3", 63 + 700.0 / 3 + 400 + 20 + 60 * ways, 8 + 1 + 4 + 1);
}

// What is varied is the strongest attack, so a dear one beside it does not make the sample smaller.
TEST(Checks, TheStrongestAttackSaysWhatChecksCost) {
  class Large : public PatternNet {
   public:
    Large() { card_.macs_always = 200'000'000; }
  };
  const auto judged_on = [](const std::shared_ptr<const Attack>& before) {
    const Json checks = checks_of({.name = "large", .model = std::make_shared<Large>(), .before = before});
    const auto noise = std::find_if(checks.begin(), checks.end(),
                                    [](const Json& check) { return check["check"].get<std::string>() == "noise"; });
    return noise == checks.end() ? 0 : (*noise)["count"].get<int64_t>();
  };
  const int64_t alone = judged_on(nullptr);
  EXPECT_GT(alone, 0);
  EXPECT_LT(alone, kMostSampled);
  EXPECT_EQ(judged_on(make_attack("pgd:steps=500,step_size=0.00001,start=clean,stop=false")), alone);
}

// PGD with each loss goes as far as the search may, by as many draws, however early the search leaves.
TEST(Checks, WhatStandsInForAnAttackWithoutLossesIsReckoned) {
  class Large : public NoisyGate {
   public:
    Large() { card_.macs_always = 33'000'000; }
  };
  const auto sampled = [](const std::string& attack) {
    SweepPlan plan;
    plan.models = {std::make_shared<Large>()};
    plan.runs = plan_runs({make_attack(attack)}, {nullptr}, {Access{}}, false);
    plan.epsilons = {kEpsilon};
    plan.data = patterned();
    Journal journal;
    const SweepResult result = run_sweep(plan, journal);
    return Claim(plan, result.tallies[0], 0, {0}).sample().size();
  };
  EXPECT_GE(sampled("deepfool:steps=20,draws=5"), fewest(1)) << "of 101,000 gradients 2,500 an image";
  EXPECT_EQ(sampled("deepfool:steps=1000,draws=5"), 0) << "of 101,000 gradients 20,000 an image for the losses alone";
}

}  // namespace
}  // namespace aigis
