// Intervals, and differences of paired outcomes, against scipy.
#include "lib/metrics/comparison.h"

#include <gtest/gtest.h>

#include "lib/core/philox.h"
#include "lib/metrics/bootstrap.h"
#include "lib/metrics/student.h"
#include "tests/statistics.h"

namespace aigis {
namespace {

TEST(Wilson, AgreesWithScipy) {
  for (const Json& row : golden("wilson")) {
    const Interval interval = wilson(row["successes"], row["trials"]);
    EXPECT_NEAR(interval.low, row["ci95"][0].get<double>(), 1e-12) << row;
    EXPECT_NEAR(interval.high, row["ci95"][1].get<double>(), 1e-12) << row;
  }
}

TEST(Student, AgreesWithScipy) {
  for (const Json& row : golden("student")) {
    const Interval interval = student_interval(row["values"].get<std::vector<double>>());
    EXPECT_NEAR(interval.low, row["ci95"][0].get<double>(), 1e-9) << row;
    EXPECT_NEAR(interval.high, row["ci95"][1].get<double>(), 1e-9) << row;
    const Interval wide = student_interval(row["values"].get<std::vector<double>>(), 0.999);
    EXPECT_NEAR(wide.low, row["ci999"][0].get<double>(), 1e-9) << row;
    EXPECT_NEAR(wide.high, row["ci999"][1].get<double>(), 1e-9) << row;
  }
  EXPECT_NEAR(student_quantile(1'000'000), kNormal95, 1e-5);
  EXPECT_EQ(student_interval({0.3}).to_json(), Json({0.3, 0.3}));
  EXPECT_EQ(student_interval({2, 2, 2}).to_json(), Json({2.0, 2.0})) << "images that do not differ";
}

/// Methods that need not agree exactly: a t test for that of signs, and the bootstrap of scipy for the interval.
TEST(PairedDifference, IsNearScipysBootstrapAndTTest) {
  for (const Json& row : golden("paired")) {
    const int64_t draws = row["draws"];
    PairedComparison pairs(draws, draws);
    for (size_t i = 0; i < row["a"].size(); ++i) pairs.add(row["a"][i], row["b"][i]);
    EXPECT_NEAR(pairs.difference(), row["difference"].get<double>(), 1e-12);
    const Interval interval = pairs.interval();
    const double width = row["bootstrap"][1].get<double>() - row["bootstrap"][0].get<double>();
    EXPECT_NEAR(interval.low, row["bootstrap"][0].get<double>(), 0.05 * width);
    EXPECT_NEAR(interval.high, row["bootstrap"][1].get<double>(), 0.05 * width);
    if (draws > 1) {
      EXPECT_NEAR(std::log(pairs.p_value()) / std::log(row["t_test"].get<double>()), 1, 0.1);
    }
  }
}

TEST(PairedDifference, OfTenAndTwentyImagesHasTheExactProbability) {
  for (const Json& row : golden("few")) {
    constexpr int64_t kMillion = 1'000'000;
    PairedComparison drawn(5, 5), shares(kMillion);
    for (const Json& difference : row["differences"]) {
      shares.add(std::llround(difference.get<double>() * kMillion), 0);
    }
    const double p = row["p"];
    EXPECT_NEAR(shares.p_value(), p, 5e-3 * p) << row << "with more sums than are counted";
    if (!row.contains("a")) continue;
    for (size_t i = 0; i < row["a"].size(); ++i) drawn.add(row["a"][i], row["b"][i]);
    EXPECT_NEAR(drawn.p_value(), p, 1e-12) << row;
  }
}

// As many draws as one likes make no more of three images than three.
TEST(PairedDifference, IsNotSureOfAHandful) {
  PairedComparison pairs(5, 5);
  for (int i = 0; i < 3; ++i) pairs.add(5, 0);
  EXPECT_NEAR(pairs.p_value(), 0.25, 1e-12);
}

/// Bonett & Price: as if (1, 0) and (0, 1) had been seen once more.
TEST(PairedDifference, HasTheClosedForm) {
  const Interval interval = of_counts(50, 12, 5, 33).interval();
  const double p12 = 13.0 / 102, p21 = 6.0 / 102, d = p12 - p21;
  const double error = std::sqrt((p12 + p21 - d * d) / 102);
  EXPECT_NEAR(interval.low, d - 1.959963984540054 * error, 1e-12);
  EXPECT_NEAR(interval.high, d + 1.959963984540054 * error, 1e-12);
}

/// 95 of 100 intervals hold the truth, over many small samples.
TEST(PairedDifference, CoversTheTruth) {
  constexpr int kSamples = 4000, kImages = 60;
  constexpr double kA = 0.15, kB = 0.05;
  int covered = 0;
  for (uint32_t sample = 0; sample < kSamples; ++sample) {
    const PhiloxKey key = Stream{9, Purpose::attack, sample}.key();
    PairedComparison pairs;
    for (uint64_t i = 0; i < kImages; ++i) {
      const double u = open_uniform(draw_word(key, i, 0));
      pairs.add(u < kA, u >= kA && u < kA + kB);
    }
    const Interval interval = pairs.interval();
    covered += interval.low <= kA - kB && kA - kB <= interval.high;
  }
  EXPECT_NEAR(covered / static_cast<double>(kSamples), 0.95, 0.015);
}

/// As curves are compared: the mean of fractions, not of right and wrong.
TEST(PairedDifference, OfFractionsIsNotSureOfAHandfulEither) {
  PairedComparison few(10), many(4);
  for (int i = 0; i < 2; ++i) few.add(4 + i, 0);
  for (int i = 0; i < 400; ++i) many.add(3, 0);
  EXPECT_EQ(few.p_value(), 0.5);
  EXPECT_LT(many.p_value(), 1e-100);
  EXPECT_NEAR(many.difference(), 0.75, 1e-12);
}

/// Other draws of the same images: quantiles agree but for their own chance.
TEST(Bootstrap, AgreesWithScipy) {
  for (const Json& row : golden("paired")) {
    std::vector<double> differences;
    for (size_t i = 0; i < row["a"].size(); ++i) {
      differences.push_back((row["a"][i].get<double>() - row["b"][i].get<double>()) / row["draws"].get<double>());
    }
    const auto result = Bootstrap(static_cast<int64_t>(differences.size()), 20000).mean(differences);
    EXPECT_NEAR(result.mean, row["difference"].get<double>(), 1e-12);
    const double width = row["bootstrap"][1].get<double>() - row["bootstrap"][0].get<double>();
    EXPECT_NEAR(result.interval.low, row["bootstrap"][0].get<double>(), 0.03 * width);
    EXPECT_NEAR(result.interval.high, row["bootstrap"][1].get<double>(), 0.03 * width);
  }
  EXPECT_EQ(Bootstrap(0).mean({}).mean, 0);
  EXPECT_EQ(Bootstrap(1).mean({0.25}).interval.low, 0.25);
}

/// 0.015 is no float32, and an interval must not lie beside its mean for that.
TEST(Bootstrap, HoldsTheMeanOfEqualValues) {
  for (const int64_t images : {1, 7, 1000}) {
    const auto [mean, interval] = Bootstrap(images).mean(std::vector<double>(static_cast<size_t>(images), 0.015));
    EXPECT_NEAR(mean, 0.015, 1e-15);
    EXPECT_EQ(interval.low, 0.015);
    EXPECT_EQ(interval.high, 0.015);
  }
}

/// In a good third of the resamples the one wrong image is not drawn; rounding must not carry their mean above 1.
TEST(Bootstrap, StaysWithinTheValues) {
  std::vector<double> values(999, 1.0);
  values.push_back(0);
  const auto [mean, interval] = Bootstrap(1000).mean(values);
  EXPECT_LT(interval.low, mean);
  EXPECT_LE(interval.high, 1);
  EXPECT_NEAR(interval.high, 1, 1e-9);
}

}  // namespace
}  // namespace aigis
