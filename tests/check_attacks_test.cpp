// The attacks that checks vary and advise.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "checks/checks.h"
#include "checks/draws.h"
#include "checks/variation.h"
#include "lib/core/text.h"
#include "tests/evaluation.h"
#include "tests/planted_gates.h"

namespace aigis {
namespace {

// Every attack can be made again from what it says of itself, so that a check can vary it.
TEST(Checks, AttacksAreWhatTheirOptionsSay) {
  for (const auto& entry : attack_list()) {
    const auto attack = entry.make(Spec{entry.name, "", {}});
    const auto again = varied(*attack, {});
    ASSERT_TRUE(again) << entry.name;
    EXPECT_EQ(again->options(), attack->options()) << entry.name;
  }
  EXPECT_EQ(varied(*make_attack("pgd:preset=foolbox"), {})->options()["steps"], 40);
  EXPECT_EQ(varied(*make_attack("fgsm"), {{"steps", "3"}}), nullptr);
}

// An attack that can go on for longer says so by a name that the check knows.
TEST(Checks, AttacksCanBeMadeLonger) {
  const std::set<std::string> cannot{"fgsm",    // one step
                                     "noise"};  // more noises are another best of them
  for (const auto& entry : attack_list()) {
    const auto attack = entry.make(Spec{entry.name, "", {}});
    int64_t lengths = 0;
    for (const char* key : {"steps", "restarts", "queries"}) {
      const int64_t length = whole_option(*attack, key, 0);
      if (length == 0) continue;
      ++lengths;
      EXPECT_TRUE(varied(*attack, {{key, std::to_string(2 * length)}})) << entry.name << " " << key;
    }
    EXPECT_EQ(lengths == 0, cannot.contains(entry.name)) << entry.name;
  }
}

// Each loss that a check tries is known to every attack that takes a loss.
TEST(Checks, AttacksKnowTheLosses) {
  for (const auto& entry : attack_list()) {
    const auto attack = entry.make(Spec{entry.name, "", {}});
    if (!attack->options().contains("loss")) continue;
    for (const char* loss : {"ce", "margin", "dlr"}) {
      EXPECT_TRUE(varied(*attack, {{"loss", loss}})) << entry.name << " " << loss;
    }
  }
}

// An attack that can average over draws says over how many.
TEST(Checks, AttacksKnowTheirDraws) {
  for (const auto& entry : attack_list()) {
    std::vector<std::pair<std::string, std::string>> changes{{"draws", "7"}};
    if (entry.name == "autoattack") changes.emplace_back("version", "rand");
    if (entry.name == "noise") changes.emplace_back("best_of", "2");
    const auto attack = varied(*entry.make(Spec{entry.name, "", {}}), changes);
    if (attack) {
      EXPECT_EQ(attack->draws(), 7) << entry.name;
    }
  }
}

// What it advises is an attack that can be typed, and that it does not blame.
TEST(Checks, AdviceOnDrawsFitsTheAttack) {
  const auto randomness = [](const std::string& attack) {
    const Json checks =
        checks_of({.name = attack, .model = std::make_shared<NoisyGate>(), .attack = make_attack(attack)});
    return *std::find_if(checks.begin(), checks.end(),
                         [](const Json& check) { return check["check"] == "randomness"; });
  };
  for (const auto& [attack, advice] : {std::pair<std::string, std::string>{"pgd:steps=3", "pgd:draws=20"},
                                       {"autoattack:steps=2,queries=5", "autoattack:version=rand"},
                                       {"square:queries=5", "eot-pgd"}}) {
    const Json finding = randomness(attack);
    EXPECT_EQ(finding["level"], "warning") << attack;
    EXPECT_TRUE(finding["message"].get<std::string>().ends_with(", as " + advice + " does")) << finding["message"];
    EXPECT_GT(make_attack(advice)->averaged_draws(), 1);
  }
  EXPECT_EQ(randomness("fmn:steps=3")["level"], "passed");
  EXPECT_EQ(randomness("noise:best_of=2")["level"], "warning");
  EXPECT_EQ(randomness("noise:best_of=10,draws=20")["level"], "passed");
}

// In L0 there are searches alone, and they do not average.
TEST(Checks, AdviceOnDrawsFitsTheNorm) {
  SweepPlan plan;
  plan.models = {std::make_shared<NoisyGate>()};
  plan.runs = plan_runs({make_attack("fmn:steps=3,draws=1")}, {nullptr}, {Access{}}, false);
  plan.epsilons = {4};
  plan.norm = Norm::l0;
  plan.data = patterned().first(32);
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  const Claim claim(plan, result.tallies[0], 0, {0});
  EXPECT_EQ(checks::as_others_do(claim, &Attack::draws), ", as fmn:draws=20 does");
  EXPECT_EQ(checks::as_others_do(claim, &Attack::averaged_draws), "");
}

TEST(Checks, ASearchDoesNotAverageOverItsDraws) {
  EXPECT_EQ(make_attack("fmn:draws=7")->averaged_draws(), 1);
  EXPECT_EQ(make_attack("pgd:draws=7")->averaged_draws(), 7);
  EXPECT_EQ(make_attack("autoattack:version=rand,draws=7")->averaged_draws(), 7);
}

// A check for which there is no attack has not been passed: this one is as long as it can be, and stands in the place
// of one whose results there are.
TEST(Checks, AnAttackThatCannotBeLongerLeavesThatUndecided) {
  SweepPlan plan;
  plan.models = {std::make_shared<PatternNet>()};
  plan.runs = plan_runs({make_attack("pgd:steps=1")}, {nullptr}, {Access{}}, false);
  plan.epsilons = {kEpsilon};
  plan.data = patterned();
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  plan.runs = plan_runs({make_attack("pgd:steps=100000")}, {nullptr}, {Access{}}, false);
  const std::optional<Finding> finding = checks::longer(Claim(plan, result.tallies[0], 0, {0}));
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->level, Finding::Level::undecided);
  EXPECT_EQ(finding->message, "not made: pgd does not take steps=200000,restarts=2");
  EXPECT_FALSE(finding->smallest_effect);
}

// Options that change nothing beside the others were not doubled: draws of AutoAttack's version standard, queries of
// rand.
TEST(Checks, ALongerAttackSaysWhatItHasTwice) {
  struct Row {
    std::string attack;
    std::vector<std::string> doubled;
    double times;
  };
  for (const auto& [attack, doubled, times] : {Row{"pgd:steps=3", {"steps", "restarts", "draws"}, 8},
                                               {"autoattack:steps=2,queries=5", {"steps", "queries"}, 2},
                                               {"autoattack:version=rand,steps=2,draws=2", {"steps", "draws"}, 4},
                                               {"fgsm", {"draws"}, 2},
                                               {"noise", {}, 0}}) {
    SweepPlan plan;
    plan.models = {std::make_shared<NoisyGate>()};
    plan.runs = plan_runs({make_attack(attack)}, {nullptr}, {Access{}}, false);
    plan.epsilons = {kEpsilon};
    plan.data = patterned().first(32);
    Journal journal;
    const SweepResult result = run_sweep(plan, journal);
    const Claim claim(plan, result.tallies[0], 0, {0});
    EXPECT_EQ(checks::longer_cost(claim), times * claim.gradients_each()) << attack;
    const std::optional<Finding> finding = checks::longer(claim);
    EXPECT_EQ(finding.has_value(), !doubled.empty()) << attack;
    if (!finding) continue;
    const std::string name = make_attack(attack)->name() + " with twice the " + join(doubled, ", ");
    EXPECT_NE(finding->message.find("; " + name + " "), std::string::npos) << finding->message;
    if (doubled.back() == "draws") continue;
    EXPECT_EQ(finding->message.find("draws"), std::string::npos) << finding->message;
  }
}

// AutoAttack has no loss to change.
TEST(Checks, AnAttackWithoutLossesIsHeldAgainstPgdWithEach) {
  const Json checks = checks_of({.name = "autoattack", .attack = make_attack("autoattack:steps=5,queries=50")});
  const auto losses =
      std::find_if(checks.begin(), checks.end(), [](const Json& check) { return check["check"] == "losses"; });
  ASSERT_NE(losses, checks.end());
  EXPECT_EQ((*losses)["level"], "passed") << *losses;
  EXPECT_NE((*losses)["message"].get<std::string>().find("pgd loss="), std::string::npos) << *losses;
}

}  // namespace
}  // namespace aigis
