// An attack on the answer is held against noise image by image.
#include <gtest/gtest.h>

#include "reports/beyond_noise.h"
#include "tests/idle.h"
#include "tests/planted.h"

namespace aigis {
namespace {

/// What is told of an attack beside noise, each of which breaks the images from one number to before another.
std::string told_of(std::pair<int64_t, int64_t> attack, std::pair<int64_t, int64_t> by_noise) {
  SweepPlan plan;
  plan.models = {std::make_shared<PatternNet>()};
  plan.runs = plan_runs({noise(), idle(Aim::wrong_answer)}, {nullptr}, {Access{}}, false);
  plan.epsilons = {0.02};
  plan.data = patterned().first(100);
  SweepResult result{{std::vector<RunTally>(2)}, {}};
  Json runs = Json::array();
  for (const auto& [tally, broken] : {std::pair(&result.tallies[0][0], by_noise), {&result.tallies[0][1], attack}}) {
    CellTally& cell = tally->cells.emplace_back();
    for (int64_t i = 0; i < plan.data.size(); ++i) cell.hits.push_back(i < broken.first || i >= broken.second);
    runs.push_back({{"flags", Json::array()}});
  }
  flag_noise(plan, result, runs);
  const Json& flags = runs[1]["flags"];
  return flags.empty() ? std::string() : flags[0]["message"].get<std::string>();
}

// Intervals of 80 and of 90 % of a hundred images touch; ten images that the attack alone breaks are not chance.
TEST(BeyondNoise, WrongAnswersAreComparedImageByImage) {
  EXPECT_EQ(told_of({0, 20}, {0, 10}), "");
  EXPECT_EQ(told_of({10, 30}, {0, 10}).find("not told apart from noise of the same size: robust accuracy: 0.800"), 0u);
  EXPECT_EQ(told_of({0, 10}, {0, 20}).find("noise of the same size does more: robust accuracy: 0.900"), 0u);
}

}  // namespace
}  // namespace aigis
