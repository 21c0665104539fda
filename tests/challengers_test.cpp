// Which of several challengers a check tells of.
#include <gtest/gtest.h>

#include <algorithm>

#include "checks/claim.h"
#include "tests/planted.h"

namespace aigis {
namespace {

constexpr int64_t kStanding = 20, kFallen = 20;

/// One that breaks `gained` of the images that stand under the reference, and none of `lost` that fell.
Challenge challenger(const std::string& name, int64_t gained, int64_t lost) {
  Challenge challenge{name, std::vector<int64_t>(kStanding, 1)};
  challenge.hits.resize(kStanding + kFallen, 0);
  std::fill_n(challenge.hits.begin(), gained, 0);
  std::fill_n(challenge.hits.begin() + kStanding, lost, 1);
  return challenge;
}

Finding beaten_by(const std::vector<Challenge>& challenges) {
  SweepPlan plan;
  plan.models = {std::make_shared<PatternNet>()};
  plan.runs = {{nullptr, nullptr, Access{}}};
  plan.epsilons = {0};
  plan.data = patterned().first(kStanding + kFallen);
  const std::vector<RunTally> tallies(1);
  return Claim(plan, tallies, 0, {0}).beaten("losses", challenger("the attacks", 0, 0), challenges, "beaten");
}

TEST(Challengers, TheLeastLikelyToBeAheadByChanceIsTold) {
  const Challenge further = challenger("further", 19, 10), surer = challenger("surer", 8, 0);
  for (const auto& challenges : {std::vector{further, surer}, {surer, further}}) {
    const Finding finding = beaten_by(challenges);
    EXPECT_EQ(finding.level, Finding::Level::warning) << finding.message;
    EXPECT_EQ(finding.numbers["gained"], 8);
    EXPECT_NEAR(finding.numbers["p"].get<double>(), 2 * 2.0 / 256, 1e-12) << "of two challengers";
  }
}

// Sure of being behind is no reason to be told.
TEST(Challengers, WhereNoneIsAheadTheLeastBehindIsTold) {
  const Finding finding = beaten_by({challenger("far behind", 0, 8), challenger("just behind", 1, 2)});
  EXPECT_EQ(finding.level, Finding::Level::passed) << finding.message;
  EXPECT_EQ(finding.numbers["lost"], 2);
}

}  // namespace
}  // namespace aigis
