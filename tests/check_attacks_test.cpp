// The attacks that checks vary, advise and follow.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "checks/checks.h"
#include "checks/draws.h"
#include "checks/variation.h"
#include "lib/metrics/student.h"
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

// A check for which there is no attack has not been passed.
TEST(Checks, ACheckWithoutAnAttackIsUndecided) {
  EXPECT_EQ(level_of(checks_of({.name = "ten steps"}), "loss-growth"), "undecided");
}

// Nor where the attack is as long as it can be: here it stands in the place of one whose results there are.
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

// Cross-entropy with the label need not grow where the attack is out for a target, or for a cost that stays, too, or
// where it climbs that of a network with soft gates.
TEST(Checks, OnlyTheLabelsLossIsFollowed) {
  for (const auto& [attack, is_followed] : {std::pair{"pgd:steps=40", true},
                                            {"pgd:steps=40,target=random", false},
                                            {"gate-reroute:steps=40", false},
                                            {"pgd:steps=40,gates=relaxed", false}}) {
    const Json checks = checks_of({.name = attack, .model = std::make_shared<Gated>(), .attack = make_attack(attack)});
    const auto growth =
        std::find_if(checks.begin(), checks.end(), [](const Json& check) { return check["check"] == "loss-growth"; });
    ASSERT_NE(growth, checks.end());
    const auto found = (*growth)["message"].get<std::string>().find("no attack is one ascent of the label's loss");
    EXPECT_EQ(found == std::string::npos, is_followed) << *growth;
  }
}

/// Answers rightly, with the loss that is told of an image's number and the attack's step.
class Loses : public PatternNet {
 public:
  using Told = std::function<double(int64_t id, uint32_t step)>;
  explicit Loses(Told told) : told_(std::move(told)) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    std::vector<double> logits;
    for (int64_t i = 0; i < images.size(0); ++i) {
      const auto id = pass.image_ids[i].item<int64_t>();
      const double right = std::exp(-told_(id, pass.noise.step));
      for (int64_t k = 0; k < kClasses; ++k) {
        logits.push_back(std::log(k == id % kClasses ? right : (1 - right) / (kClasses - 1)));
      }
    }
    const at::Tensor slope = patterns().select(1, 0).sum({1, 2}).unsqueeze(0) * images.mean({1, 2, 3}).unsqueeze(1);
    return {at::tensor(logits).view({-1, kClasses}).to(images.scalar_type()) + (slope - slope.detach()), {}};
  }

 private:
  Told told_;
};

/// Of an attack of 40 steps on a hundred images, whose loss is 0.2 until the last ten steps.
Finding growth_of(double even, double odd, int64_t images = 100, const std::string& attack = "pgd") {
  SweepPlan plan;
  plan.models = {std::make_shared<Loses>([=](int64_t id, uint32_t step) {
    return step < 30 ? 0.2 : id % 2 == 0 ? even : odd;
  })};
  plan.runs = plan_runs({make_attack(attack + ":steps=40")}, {nullptr}, {Access{}}, false);
  plan.epsilons = {kEpsilon};
  plan.data = patterned().first(images);
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  return checks::loss_growth(Claim(plan, result.tallies[0], 0, {0})).value();
}

// Growth is told from what is let pass, 5 %, by the interval over images, on either side.
TEST(Checks, AGrowthOfTheLossIsPassedOnlyWhereMoreIsRuledOut) {
  const Finding none = growth_of(0.2, 0.2), much = growth_of(0.24, 0.24), unclear = growth_of(0.3, 0.115);
  EXPECT_EQ(none.level, Finding::Level::passed) << none.message;
  EXPECT_NEAR(none.smallest_effect.value(), 0.05, 1e-3);
  EXPECT_EQ(much.level, Finding::Level::warning) << much.message;
  EXPECT_NEAR(much.numbers["growth"].get<double>(), 0.2, 1e-3);
  const Finding uneven = growth_of(0.24, 0.24, 100, "emi-fgsm");
  EXPECT_NEAR(uneven.numbers["growth"].get<double>(), 0.2, 1e-3) << "its first step takes one gradient, others eleven";
  EXPECT_EQ(unclear.level, Finding::Level::undecided) << unclear.message;
  EXPECT_NEAR(unclear.numbers["growth"].get<double>(), 0.0375, 1e-3);
  EXPECT_NEAR(unclear.smallest_effect.value(), 0.05 + student95(99) * 0.0925 / std::sqrt(99) / 0.2, 1e-3);
  EXPECT_EQ(growth_of(0.31, 0.1955, 7).level, Finding::Level::undecided) << "at 2.2 standard errors of seven images";
  EXPECT_EQ(growth_of(0.31, 0.2055, 7).level, Finding::Level::warning) << "at 2.6";
  const Finding few = growth_of(0.2, 0.2, 6);
  EXPECT_EQ(few.level, Finding::Level::undecided);
  EXPECT_EQ(few.message, "6 of 6 images stand under pgd, too few to tell whether its loss still grew; 7 would do");
  EXPECT_FALSE(few.smallest_effect);
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
