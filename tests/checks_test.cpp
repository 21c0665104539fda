// Planted defects: each raises the check that is named for it. And honest attacks on honest models raise none.
#include "reports/checks.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "checks/list.h"
#include "lib/eval/bf16_gradients.h"
#include "reports/flags.h"
#include "reports/report.h"
#include "tests/attacks.h"
#include "tests/planted.h"

namespace aigis {
namespace {

struct Case {
  std::string name;
  std::shared_ptr<Model> model = std::make_shared<PatternNet>();
  std::shared_ptr<const Attack> attack = make_attack("pgd");
  std::shared_ptr<const Defense> defense = nullptr;
  Dataset data = patterned();
  uint64_t seed = 0;
  std::shared_ptr<Model> second = nullptr;  ///< another model of the same sweep
  bool undefended = true;                   ///< the attack runs without the defense, too
};

constexpr double kEpsilon = 0.02;

/// What a checkpoint would record: the accuracy of the honest model on images that it has not seen.
Json record() {
  Json json{{"data", "patterns"}};
  for (const char* mode : {"none", "argmax"}) {
    json["held_out"][mode] = {{"value", 0.98}, {"successes", 980}, {"trials", 1000}, {"ci95", {0.969, 0.987}}};
  }
  return json;
}

/// Of an evaluation with all checks.
Json report_of(const Case& planted) {
  SweepPlan plan;
  plan.models = {planted.model};
  if (planted.second) plan.models.push_back(planted.second);
  std::vector<std::shared_ptr<const Defense>> defenses{planted.defense};
  if (planted.defense && planted.undefended) defenses.push_back(nullptr);
  plan.runs = plan_runs({planted.attack}, defenses, {Access{}}, false);
  plan.epsilons = {kEpsilon / 2, kEpsilon};
  plan.data = planted.data;
  plan.seed = planted.seed;
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  const auto findings = run_checks(plan, result, CheckLevel::full, journal);
  ReportContext context;
  context.tool = context.environment = context.config = Json::object();
  for (const auto& model : plan.models) {
    context.models.push_back({"m", "m.safetensors", std::string(64, '0'), record(), {}, model->card()});
  }
  return make_report(plan, result, findings, context);
}

/// Those of the first model.
Json checks_of(const Case& planted) {
  const Json report = report_of(planted);
  const size_t runs = report["runs"].size() / report["models"].size();
  Json checks = Json::array();
  for (const Json& check : report["checks"]) {
    if (check["runs"][0] < runs) checks.push_back(check);
  }
  return checks;
}

std::set<std::string> raised(const Json& checks) {
  std::set<std::string> names;
  for (const Json& check : checks) {
    if (check["level"] == "warning" || check["level"] == "error") names.insert(check["check"]);
  }
  return names;
}

std::vector<std::pair<Case, std::string>> planted_defects() {
  const auto attack = [](Planted::Act act) { return std::make_shared<Planted>(std::move(act)); };
  Dataset shifted = patterned();
  shifted.labels = (shifted.labels + 1).remainder(kClasses);
  return {
      {{"scaled-up logits", std::make_shared<ScaledUp>()}, "gradients"},
      {{"rounding of the input", std::make_shared<RoundsItsInput>()}, "gradients"},
      {{"a gradient of the wrong sign", std::make_shared<TurnsItsGradient>()}, "uphill"},
      {{"a gradient of ripples", std::make_shared<Shatters>()}, "uphill"},
      {{"added noise", std::make_shared<AddsNoise>()}, "randomness"},
      {{"gradients of too few bits", std::make_shared<Bf16Gradients>(std::make_shared<Cancels>())}, "bf16-gradients"},
      {{"argmax gates by integer index", std::make_shared<Gated>(false)}, "gate-gradients"},
      {{.name = "JPEG without BPDA", .defense = std::make_shared<BlindJpeg>()}, "bpda"},
      {{.name = "an attack with a wrong sign", .attack = attack([](Victim& victim, const Batch& batch, double epsilon) {
                                                 return (batch.images - epsilon * signs(victim, batch)).clamp(0, 1);
                                               })},
       "one-step"},
      {{.name = "the last and not the best iterate",
        .attack = attack([](Victim& victim, const Batch& batch, double epsilon) {
          const at::Tensor there = (batch.images + epsilon * signs(victim, batch)).clamp(0, 1);
          const at::Tensor back = (batch.images + 0.1 * (there - batch.images)).clamp(0, 1);
          signs(victim, {there, batch.labels, batch.ids});
          signs(victim, {back, batch.labels, batch.ids});
          return back;
        })},
       "best-iterate"},
      {{"a model left in training mode", std::make_shared<InTrainingMode>()}, "batch-dependence"},
      {{"normalization applied twice", std::make_shared<NormalizesTwice>()}, "clean-accuracy"},
      {{.name = "labels shifted by one", .data = shifted}, "clean-accuracy"},
      {{.name = "a budget overstepped", .attack = attack([](Victim& victim, const Batch& batch, double epsilon) {
                                          return (batch.images + 2 * epsilon * signs(victim, batch)).clamp(0, 1);
                                        })},
       "budget"},
      {{"a detector of the attack's pattern", std::make_shared<DetectsThePattern>()}, "unbounded"},
  };
}

TEST(Checks, EachPlantedDefectRaisesTheCheckNamedForIt) {
  std::string table = fmt::format("{:<36}{:<18}{}\n", "defect", "its check", "all that were raised");
  for (const auto& [planted, check] : planted_defects()) {
    const std::set<std::string> names = raised(checks_of(planted));
    EXPECT_TRUE(names.contains(check)) << planted.name << " does not raise " << check;
    std::string all;
    for (const auto& name : names) all += name + " ";
    table += fmt::format("{:<36}{:<18}{}\n", planted.name, check, all);
  }
  std::fputs(table.c_str(), stdout);
}

std::string level_of(const Json& checks, const std::string& name) {
  for (const Json& check : checks) {
    if (check["check"] == name) return check["level"];
  }
  return "absent";
}

TEST(Checks, AnAttackThatIsCutOffHasNotConverged) {
  const Json checks = checks_of({.name = "short", .attack = make_attack("pgd:steps=40,step_size=0.0002,start=clean")});
  EXPECT_EQ(level_of(checks, "longer"), "warning") << checks.dump(1);
  EXPECT_EQ(level_of(checks, "loss-growth"), "warning");
  EXPECT_EQ(level_of(checks, "iterated"), "warning");
}

TEST(Checks, MoreBudgetMustNotBreakLess) {
  const auto shy = std::make_shared<Planted>([](Victim& victim, const Batch& batch, double epsilon) {
    return epsilon < kEpsilon ? (batch.images + epsilon * signs(victim, batch)).clamp(0, 1) : batch.images;
  });
  const Json checks = checks_of({.name = "shy", .attack = shy});
  EXPECT_EQ(level_of(checks, "monotone"), "warning") << checks.dump(1);
}

TEST(Checks, ImagesMadeAgainstAnotherModelOfTheSweep) {
  const Json checks = checks_of(
      {.name = "masked", .model = std::make_shared<RoundsItsInput>(), .second = std::make_shared<PatternNet>()});
  EXPECT_EQ(level_of(checks, "transfer"), "warning") << checks.dump(1);
}

TEST(Checks, ADefenseAloneIsUndecided) {
  const auto jpeg = std::make_shared<Jpeg>(JpegOptions{});
  EXPECT_EQ(level_of(checks_of({.name = "alone", .defense = jpeg, .undefended = false}), "ablation"), "undecided");
  EXPECT_EQ(level_of(checks_of({.name = "beside", .defense = jpeg}), "ablation"), "passed");
}

TEST(Checks, NoiseThatHidesTheWay) {
  const Json checks = checks_of({.name = "noisy gates", .model = std::make_shared<NoisyGate>()});
  EXPECT_EQ(level_of(checks, "randomness"), "warning") << checks.dump(1);
  EXPECT_EQ(level_of(checks, "fixed-noise"), "warning");
}

TEST(Checks, WithoutAnAttackNothingIsClaimed) {
  const Json checks = checks_of({.name = "none", .attack = nullptr});
  EXPECT_EQ(level_of(checks, "randomness"), "passed");
  EXPECT_EQ(level_of(checks, "noise"), "absent");
}

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

// An attack that can average over draws says over how many.
TEST(Checks, AttacksKnowTheirDraws) {
  for (const auto& entry : attack_list()) {
    std::vector<std::pair<std::string, std::string>> changes{{"draws", "7"}};
    if (entry.name == "autoattack") changes.emplace_back("version", "rand");
    const auto attack = varied(*entry.make(Spec{entry.name, "", {}}), changes);
    if (attack) {
      EXPECT_EQ(attack->draws(), 7) << entry.name;
    }
  }
}

TEST(Checks, ASampleCostsAFifthOfTheRunOrAMinute) {
  ModelCard card;
  const auto of = [&](int64_t images, int64_t macs) {
    card.macs_always = macs;
    return sample_size(images, card, 200);
  };
  EXPECT_EQ(of(1000, 41'000'000), 128) << "a ResNet-20 does it in less than a minute";
  EXPECT_EQ(of(1000, 4'000'000'000), 16);
  EXPECT_EQ(of(10'000, 4'000'000'000), 100) << "a fifth of 100,000 gradients, 200 an image";
  EXPECT_EQ(of(100'000, 4'000'000'000), 128);
  EXPECT_EQ(of(10, 4'000'000'000), 10);
  EXPECT_EQ(of(4000, 0), 40) << "a model may not say what it costs";
}

// Whatever the number of images, a report comes of it.
TEST(Checks, AHandfulOfImagesIsUndecided) {
  for (int64_t images = 1; images <= 8; ++images) {
    const Json checks = checks_of({.name = "few", .data = patterned().first(images)});
    for (const Json& check : checks) {
      EXPECT_TRUE(check["smallest_effect"].is_null() || check["smallest_effect"] <= 1) << check;
    }
    EXPECT_EQ(level_of(checks, "batch-dependence"), images == 1 ? "undecided" : "passed");
  }
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

// AutoAttack has no loss to change.
TEST(Checks, AnAttackWithoutLossesIsHeldAgainstPgdWithEach) {
  const Json checks = checks_of({.name = "autoattack", .attack = make_attack("autoattack:steps=5,queries=50")});
  const auto losses =
      std::find_if(checks.begin(), checks.end(), [](const Json& check) { return check["check"] == "losses"; });
  ASSERT_NE(losses, checks.end());
  EXPECT_EQ((*losses)["level"], "passed") << *losses;
  EXPECT_NE((*losses)["message"].get<std::string>().find("pgd loss="), std::string::npos) << *losses;
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

// An attack that wants a wrong answer at the same cost passes by wrong answers at another cost, and loses nothing by
// it; one that wants it of a certain graph likewise. A claim of robustness rests on it all the same.
TEST(Checks, WhatAnAttackDoesNotWantIsNotLost) {
  for (const auto& [attack, level] : {std::pair{"gate-reroute:steps=5", "absent"},
                                      {"gate-flip:steps=5", "absent"},
                                      {"gate-joint:steps=5", "passed"}}) {
    const Json checks =
        checks_of({.name = attack, .model = std::make_shared<Gated>(true), .attack = make_attack(attack)});
    EXPECT_EQ(level_of(checks, "best-iterate"), level) << attack;
    EXPECT_NE(level_of(checks, "iterated"), "absent") << attack;
  }
  const Json checks =
      checks_of({.name = "sloth", .model = std::make_shared<Gated>(true), .attack = make_attack("gate-sloth")});
  EXPECT_EQ(level_of(checks, "iterated"), "absent") << "which wants no answer";
}

// A gate that is open as surely as wanted has no slope left, which is no reason to doubt: neither of the attack nor of
// the worst case that holds it.
TEST(Checks, WhatHasReachedItsAimSeesNoSlope) {
  SweepPlan plan;
  auto model = std::make_shared<Gated>(true);
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

// DLR's quotient is constant where the label ranks third: a random start gets there on an honest model, too.
TEST(Checks, ALossThatIsFlatWhereTheAttackHasWonIsNoDefect) {
  for (const char* attack : {"pgd:loss=dlr,stop=false,steps=20", "apgd-dlr:stop=false,steps=20"}) {
    const Json checks = checks_of({.name = attack, .attack = make_attack(attack)});
    EXPECT_EQ(raised(checks), std::set<std::string>{}) << attack << checks.dump(1);
    EXPECT_EQ(level_of(checks, "gradients"), "passed") << attack;
  }
}

TEST(Checks, AnAttackThatAveragesOverTheNoiseIsNotBlamed) {
  const Json checks = checks_of(
      {.name = "eot", .model = std::make_shared<NoisyGate>(), .attack = make_attack("eot-pgd:steps=10,draws=10")});
  EXPECT_EQ(level_of(checks, "randomness"), "passed") << checks.dump(1);
  EXPECT_EQ(level_of(checks, "fixed-noise"), "passed");
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

TEST(Checks, AnHonestAttackOnAnHonestModelRaisesNone) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const auto& model : {std::shared_ptr<Model>(std::make_shared<PatternNet>()),
                              std::shared_ptr<Model>(std::make_shared<Gated>(true))}) {
      const Json checks = checks_of({.name = "honest", .model = model, .data = patterned(seed), .seed = seed});
      EXPECT_EQ(raised(checks), std::set<std::string>{}) << seed << checks.dump(1);
      for (const char* name :
           {"gradients", "best-iterate", "uphill", "randomness", "batch-dependence", "monotone", "noise", "one-step",
            "iterated", "black-box", "longer", "losses", "large-budget", "unbounded"}) {
        EXPECT_EQ(level_of(checks, name), "passed") << name << seed;
      }
      EXPECT_EQ(level_of(checks, "gate-gradients"), model->card().gated.empty() ? "absent" : "passed");
    }
  }
}

}  // namespace
}  // namespace aigis
