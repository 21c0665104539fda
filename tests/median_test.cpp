#include "lib/metrics/median.h"

#include <gtest/gtest.h>

namespace aigis {
namespace {

TEST(Median, IsTheMiddleValueOrBetweenTheTwo) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median({7}), 7);
}

/// The values 1 … n, so that an interval's ends are ranks.
Interval ranks(int64_t n) {
  std::vector<double> values;
  for (int64_t i = n; i >= 1; --i) values.push_back(static_cast<double>(i));
  return median_interval(values);
}

/// Each value is above or below the true median with equal chance: counted over all 2^n ways.
double coverage(int64_t n, double low, double high) {
  int64_t covered = 0;
  for (int64_t ways = 0; ways < int64_t{1} << n; ++ways) {
    int64_t below = 0;
    for (int64_t i = 0; i < n; ++i) below += ways >> i & 1;
    covered += static_cast<double>(below) >= low && static_cast<double>(below) < high;
  }
  return static_cast<double>(covered) / static_cast<double>(int64_t{1} << n);
}

TEST(Median, ItsIntervalIsTheShortestThatCovers95Percent) {
  for (int64_t n = kFewestForInterval; n <= 16; ++n) {
    const Interval interval = ranks(n);
    EXPECT_EQ(interval.low + interval.high, static_cast<double>(n + 1)) << n;
    EXPECT_GE(coverage(n, interval.low, interval.high), 0.95) << n;
    EXPECT_LT(coverage(n, interval.low + 1, interval.high - 1), 0.95) << n;
  }
}

TEST(Median, FewValuesHaveTheirRange) {
  for (int64_t n = 1; n < kFewestForInterval; ++n) {
    EXPECT_EQ(ranks(n).low, 1);
    EXPECT_EQ(ranks(n).high, n);
  }
  EXPECT_LT(coverage(5, 1, 5), 0.95);
}

// scipy.stats.binom.cdf(k, n, 0.5) first exceeds 0.025 at these k.
TEST(Median, ManyValues) {
  EXPECT_EQ(ranks(30).low, 10);
  EXPECT_EQ(ranks(30).high, 21);
  EXPECT_EQ(ranks(2000).low, 956);
}

}  // namespace
}  // namespace aigis
