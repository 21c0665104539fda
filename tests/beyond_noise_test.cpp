// An attack that does no more than noise of the same size is told so, by the measure of what it is out for.
#include "reports/beyond_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/gated_report.h"

namespace aigis {
namespace {

constexpr double kEpsilon = 0.02;

/// Behind no budget and one.
Json report_of(const std::vector<std::shared_ptr<const Attack>>& attacks,
               std::shared_ptr<Model> model = std::make_shared<Gated>(), bool nested = false) {
  return gated_report(attacks, {0, kEpsilon}, std::move(model), nested);
}

/// What the flag says of the attack within the budget; empty where it is not raised.
std::map<std::string, std::string> told(const Json& report) {
  std::map<std::string, std::string> sentences;
  for (const Json& run : report["runs"]) {
    for (const Json& flag : run["flags"]) {
      if (flag["check"] != "noise-as-strong") continue;
      EXPECT_EQ(run["epsilon"], kEpsilon) << "within no budget all do the same";
      const std::string aim = run["attack"]["options"].contains("aim") ? run["attack"]["options"]["aim"].dump() : "";
      sentences[run["attack"]["name"].get<std::string>() + aim] = flag["message"];
    }
  }
  return sentences;
}

/// How many attacks are told that there is no noise to hold them against.
int64_t without_noise(const Json& report) {
  const auto sentences = told(report);
  return std::count_if(sentences.begin(), sentences.end(), [](const auto& entry) {
    return entry.second.find("no noise of the same size beside it") != std::string::npos;
  });
}

std::vector<Json> verdicts(const Json& report) {
  std::vector<Json> found;
  for (const Json& check : report["checks"]) {
    if (check["check"] == "beyond-noise") found.push_back(check);
  }
  return found;
}

TEST(BeyondNoise, AttacksThatDoWhatTheyAreOutForPass) {
  const Json report = report_of({noise(), make_attack("gate-sloth"), make_attack("gate-starve"), make_attack("pgd")});
  EXPECT_TRUE(told(report).empty());
  ASSERT_EQ(verdicts(report).size(), 1);
  EXPECT_EQ(verdicts(report)[0]["level"], "passed");
}

TEST(BeyondNoise, AttacksThatDoNothingAreTold) {
  const Json report =
      report_of({noise(), idle(Aim::wrong_answer), idle(Aim::unseen_wrong_answer), idle(Aim::more_compute),
                 idle(Aim::less_compute), idle(Aim::uneven_compute), idle(Aim::graph), make_attack("gate-sloth")});
  const auto sentences = told(report);
  const auto of = [&](Aim aim) {
    const auto found = sentences.find("idle" + std::to_string(static_cast<int>(aim)));
    return found == sentences.end() ? std::string() : found->second;
  };
  EXPECT_NE(of(Aim::wrong_answer).find("robust accuracy"), std::string::npos);
  EXPECT_NE(of(Aim::unseen_wrong_answer).find("unseen by a monitor"), std::string::npos);
  EXPECT_NE(of(Aim::more_compute).find("executed multiply-accumulates"), std::string::npos);
  EXPECT_NE(of(Aim::less_compute).find("executed multiply-accumulates"), std::string::npos);
  EXPECT_NE(of(Aim::uneven_compute).find("nothing to tell this attack from noise by"), std::string::npos)
      << "gates by argmax do not draw";
  EXPECT_EQ(of(Aim::graph), "") << "no class whose graph is wanted";
  EXPECT_EQ(sentences.size(), 5) << "gate-sloth does more";
  ASSERT_EQ(verdicts(report).size(), 1);
  EXPECT_EQ(verdicts(report)[0]["level"], "undecided");
  EXPECT_EQ(verdicts(report)[0]["runs"].size(), 5);
}

// The gate opens for bright images.
TEST(BeyondNoise, AGraphIsMeasuredByItsLikeness) {
  const Json rates = report_of({noise()})["runs"][0]["gates"]["before"]["per_class"];
  const auto brightest = static_cast<int>(std::max_element(rates.begin(), rates.end()) - rates.begin());
  ASSERT_GT(rates[static_cast<size_t>(brightest)][0], 0.6);
  const Json report = report_of(
      {noise(), std::make_shared<Idle>(Aim::graph, brightest), std::make_shared<Brightening>(Aim::graph, brightest)});
  ASSERT_EQ(told(report).size(), 1);
  EXPECT_NE(told(report).begin()->second.find("likeness to the average graph"), std::string::npos);
  EXPECT_EQ(told(report).begin()->first.substr(0, 4), "idle");
  ASSERT_EQ(verdicts(report).size(), 1);
  EXPECT_EQ(verdicts(report)[0]["runs"].size(), 1);
}

TEST(BeyondNoise, WhatIsLessThanNoiseIsToldToo) {
  const Json report = report_of({make_attack("noise:kind=sign,best_of=100"), idle(Aim::wrong_answer)});
  const Json &noisy = report["runs"][1]["accuracy"]["robust"], &attacked = report["runs"][3]["accuracy"]["robust"];
  ASSERT_LT(noisy["successes"], attacked["successes"]) << "noise breaks some, and the attack none";
  EXPECT_EQ(told(report).size(), 1);
}

TEST(BeyondNoise, NoiseThatWasPickedForItsCostStandsBesideThatAim) {
  const auto open = make_attack("noise:kind=sign,best_of=100,by=open");
  const Json report = report_of({open, idle(Aim::wrong_answer), idle(Aim::more_compute), idle(Aim::less_compute)},
                                std::make_shared<Gated>(), true);
  EXPECT_EQ(told(report).size(), 2) << "wrong answers have no noise that they owe more than";
  EXPECT_EQ(without_noise(report), 1) << "the attack on less compute";
}

TEST(BeyondNoise, OfSeveralTheStrongestIsTold) {
  const auto open = make_attack("noise:kind=sign,best_of=100,by=open");
  const auto alone = told(report_of({open, idle(Aim::more_compute)}));
  ASSERT_EQ(alone.size(), 1);
  EXPECT_EQ(told(report_of({noise(), open, idle(Aim::more_compute)})), alone);
  EXPECT_EQ(told(report_of({open, noise(), idle(Aim::more_compute)})), alone);
}

/// Keeps to a square of three pixels.
class IdlePatch : public Idle {
 public:
  using Idle::Idle;
  std::string name() const override { return "patch"; }
  int64_t patch() const override { return 3; }
};

TEST(BeyondNoise, APatchIsHeldAgainstPatchesOfItsSize) {
  const auto patch = std::make_shared<IdlePatch>(Aim::more_compute);
  const Json others = report_of({noise(), make_attack("noise:patch=2"), patch});
  EXPECT_EQ(without_noise(others), 1);
  EXPECT_NE(told(others).begin()->second.find("noise:kind=sign,best_of=1,patch=3"), std::string::npos);
  const Json report = report_of({make_attack("noise:patch=3"), patch, idle(Aim::more_compute)});
  EXPECT_EQ(told(report).size(), 2);
  EXPECT_EQ(without_noise(report), 1) << "what may change all of an image";
}

TEST(BeyondNoise, WithoutNoiseOnlyAttacksOnGatesAreTold) {
  const Json report = report_of({idle(Aim::wrong_answer), idle(Aim::more_compute), make_attack("gate-sloth")});
  ASSERT_EQ(told(report).size(), 2);
  EXPECT_EQ(without_noise(report), 2);
  EXPECT_TRUE(verdicts(report_of({idle(Aim::wrong_answer)})).empty());
}

// Nested, an image that noise broke keeps the noise of a smaller budget; attacks on cost are never nested.
TEST(BeyondNoise, NestedNoiseHasNotTheSizeOfWhatIsNotNested) {
  const Json report = report_of({noise(), idle(Aim::wrong_answer), idle(Aim::more_compute), idle(Aim::less_compute)},
                                std::make_shared<Gated>(), true);
  EXPECT_EQ(told(report).size(), 3);
  EXPECT_EQ(without_noise(report), 2) << "of the two on compute";
}

TEST(BeyondNoise, AModelWithoutGatesIsMeasuredByItsAnswers) {
  const Json report =
      report_of({noise(), idle(Aim::wrong_answer), idle(Aim::more_compute)}, std::make_shared<PatternNet>());
  EXPECT_EQ(told(report).size(), 1);
  EXPECT_EQ(verdicts(report)[0]["runs"].size(), 1) << "whose compute cannot move";
  EXPECT_TRUE(verdicts(report_of({noise(), idle(Aim::more_compute)}, std::make_shared<PatternNet>())).empty());
}

}  // namespace
}  // namespace aigis
