// Two pieces of work in turns: which goes first, and what of their time counts.
#include "lib/metrics/paired.h"

#include <gtest/gtest.h>

namespace aigis {
namespace {

TEST(MeasurePairs, AlternatesWhichGoesFirst) {
  std::string order;
  const auto result = measure_pairs([&] { order += 'a'; }, [&] { order += 'b'; }, 4, {}, 2);
  EXPECT_EQ(order, "abbaabbaabba");
  EXPECT_EQ(result.pairs, 4);
}

/// Work that takes no time, and of which -1 s of a and -2 s of b are not to be counted: whole seconds without a wait.
TEST(MeasurePairs, LeavesOutOnBothSidesWhatIsNotToBeCounted) {
  double besides = 0;
  const auto result = measure_pairs([&] { besides = -1; }, [&] { besides = -2; }, 6, [&] { return besides; });
  EXPECT_NEAR(result.a_seconds, 1, 0.1);
  EXPECT_NEAR(result.b_seconds, 2, 0.1);
  EXPECT_NEAR(result.ratio, 0.5, 0.1);
  EXPECT_LE(result.low, result.ratio);
  EXPECT_GE(result.high, result.ratio);
}

}  // namespace
}  // namespace aigis
