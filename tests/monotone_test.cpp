// Whether accuracy that rises with the budget is seen, and where.
#include <gtest/gtest.h>

#include <algorithm>

#include "checks/checks.h"
#include "tests/attacks.h"
#include "tests/planted.h"

namespace aigis {
namespace {

constexpr int64_t kCount = 100, kBudgets = 6;

/// What an attack left of a hundred images within a budget: `count` from number `first` on.
CellTally left(int64_t first, int64_t count) {
  CellTally cell;
  cell.hits.resize(kCount, 0);
  std::fill_n(cell.hits.begin() + first, count, 1);
  for (const int64_t hit : cell.hits) cell.pass.accuracy.add(hit, 1);
  return cell;
}

/// The same within six budgets: so many at the first, and so many more at each step.
RunTally left_by(int64_t first, int64_t more) {
  RunTally tally;
  for (int64_t e = 0; e < kBudgets; ++e) tally.cells.push_back(left(0, first + more * e));
  return tally;
}

Finding monotone(const std::vector<RunTally>& tallies, int64_t images = kCount) {
  SweepPlan plan;
  plan.models = {std::make_shared<PatternNet>()};
  std::vector<size_t> runs;
  for (size_t r = 0; r < tallies.size(); ++r) {
    plan.runs.push_back({make_attack("pgd"), nullptr, Access{}});
    runs.push_back(r);
  }
  for (int64_t e = 1; e <= kBudgets; ++e) plan.epsilons.push_back(0.01 * static_cast<double>(e));
  plan.data = patterned().first(images);
  return checks::monotone(Claim(plan, tallies, 0, runs)).value();
}

// Six images more at a step is chance by Holm's test of five steps alone; thirty over all of them is none.
TEST(Monotone, ARiseThatIsSpreadOverManyBudgetsIsSeen) {
  const Finding finding = monotone({left_by(10, 6)});
  EXPECT_EQ(finding.level, Finding::Level::warning) << finding.message;
  EXPECT_EQ(finding.numbers["pairs"], 15);
  EXPECT_EQ(finding.numbers["rises"], 10) << "by twelve images or more";
  EXPECT_EQ(finding.numbers["largest"], 0.3);
  EXPECT_EQ(finding.of, (std::vector<std::pair<size_t, size_t>>{{0, 5}}));
}

TEST(Monotone, AFallIsNoneAndEachAttackHasItsOwnPlace) {
  EXPECT_EQ(monotone({left_by(60, -6)}).level, Finding::Level::passed);
  const Finding finding = monotone({left_by(60, -6), left_by(0, 15)});
  EXPECT_EQ(finding.numbers["pairs"], 30);
  EXPECT_EQ(finding.of, (std::vector<std::pair<size_t, size_t>>{{1, 5}}));
}

// Forty images stand anew and twenty fall: a larger difference than fifteen that stand anew, but one that may be
// chance.
TEST(Monotone, TheLargestRiseIsOneThatIsNoChance) {
  RunTally shuffled;
  shuffled.cells.assign(kBudgets, left(20, 40));
  shuffled.cells[0] = left(0, 20);
  EXPECT_EQ(monotone({shuffled}).level, Finding::Level::passed);
  const Finding finding = monotone({shuffled, left_by(10, 3)});
  EXPECT_EQ(finding.numbers["rises"], 1);
  EXPECT_DOUBLE_EQ(finding.numbers["largest"].get<double>(), 0.15);
  EXPECT_EQ(finding.of, (std::vector<std::pair<size_t, size_t>>{{1, 5}}));
}

// Fifteen pairs need twelve images: if all of fewer rose, it could be chance.
TEST(Monotone, TooFewImagesTellNothing) {
  for (const auto& [images, level] :
       {std::pair{11, Finding::Level::undecided}, std::pair{12, Finding::Level::passed}}) {
    RunTally few;
    few.cells.assign(kBudgets, left(0, 5));
    for (CellTally& cell : few.cells) cell.hits.resize(static_cast<size_t>(images));
    const Finding finding = monotone({few}, images);
    EXPECT_EQ(finding.level, level) << finding.message;
    EXPECT_EQ(finding.smallest_effect.has_value(), level == Finding::Level::passed);
  }
}

}  // namespace
}  // namespace aigis
