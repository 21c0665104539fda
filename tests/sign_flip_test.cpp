// Probabilities that a difference is chance, alone and among many, against scipy and statsmodels.
#include <gtest/gtest.h>

#include <cmath>

#include "lib/metrics/comparison.h"
#include "tests/statistics.h"

namespace aigis {
namespace {

TEST(McNemar, AgreesWithStatsmodels) {
  for (const Json& row : golden("mcnemar")) {
    const PairedComparison pairs = of_counts(row["both"], row["a"], row["b"], row["neither"]);
    EXPECT_NEAR(pairs.p_value(), row["p"].get<double>(), 1e-9) << row;
    EXPECT_EQ(pairs.images(), row["both"].get<int64_t>() + row["a"].get<int64_t>() + row["b"].get<int64_t>() +
                                  row["neither"].get<int64_t>());
  }
  EXPECT_EQ(of_counts(5, 0, 0, 5).p_value(), 1);
  EXPECT_EQ(PairedComparison().p_value(), 1);
}

TEST(SignFlip, AgreesWithScipysExactPermutations) {
  for (const Json& row : golden("sign_flip")) {
    EXPECT_NEAR(sign_flip_p(row["differences"].get<std::vector<int64_t>>()), row["p"].get<double>(), 1e-12) << row;
  }
  EXPECT_EQ(sign_flip_p({}), 1);
  EXPECT_EQ(sign_flip_p({3'000'000, -1'000'000}), sign_flip_p({3, -1})) << "in units of what divides them all";
  for (const auto& [a, b] : {std::pair{7, 0}, {12, 3}, {40, 40}}) {
    std::vector<int64_t> differences(static_cast<size_t>(a), 1);
    differences.resize(static_cast<size_t>(a + b), -1);
    EXPECT_NEAR(sign_flip_p(differences), of_counts(3, a, b, 4).p_value(), 1e-12) << "McNemar's, of one draw";
  }
}

// Images that differ by 1 or 2, of which three fifths are ahead: of 300 the test is exact, of two more, one to either
// side, it is not.
TEST(SignFlip, OfManyIsNearlyExact) {
  std::vector<int64_t> differences;
  for (int64_t i = 0; i < 300; ++i) differences.push_back((i % 5 < 3 ? 1 : -1) * (1 + i % 2));
  const double exact = sign_flip_p(differences);
  differences.insert(differences.end(), {1, -1});
  const double nearly = sign_flip_p(differences);
  EXPECT_NE(nearly, exact);
  EXPECT_NEAR(nearly, exact, 0.1 * exact);
}

// Of 2^10 choices of signs 26 have as large a sum, of whatever the differences are parts.
TEST(SignFlip, CountsAllEqualSums) {
  for (const int64_t draws : {26, 64, 510}) {
    PairedComparison pair(draws, draws / 2);
    for (const int64_t difference : {3, 1, -2, 1, 2, 3, 1, 5, 4, 1}) pair.add(difference + 2, 1);
    EXPECT_NEAR(pair.p_value(), 26.0 / 1024, 1e-12) << draws;
  }
}

// Sums up to hundreds of millions, which nobody could count one by one, nor the choices of 300 signs.
TEST(SignFlip, TakesNoMoreTimeForFinerDifferences) {
  const std::vector<int64_t> few{1'000'003, -2'000'029, 3'000'017, 4'000'037, 5'000'011, -1'500'007,
                                 2'500'009, 3'500'017,  4'500'007, -500'009,  1'200'007, 2'700'001};
  const double p = sign_flip_p(few), exact = 78.0 / 4096;
  EXPECT_GE(p, exact);
  EXPECT_LE(p, 1.05 * exact);
  std::vector<int64_t> many;
  double squares = 0, sum = 0;
  for (int64_t i = 0; i < 300; ++i) {
    const int64_t difference = (i % 5 < 3 ? 1 : -1) * (1'000'000 + 7919 * i);
    many.push_back(difference);
    sum += static_cast<double>(difference);
    squares += static_cast<double>(difference) * static_cast<double>(difference);
  }
  const double normal = std::erfc(sum / std::sqrt(2 * squares));
  EXPECT_NEAR(sign_flip_p(many), normal, 0.05 * normal);
}

TEST(Binomial, AgreesWithScipy) {
  for (const Json& row : golden("binomial")) {
    const double tail = row["tail"];
    EXPECT_NEAR(binomial_tail(row["k"], row["n"], row["p"]), tail, 1e-9 * tail) << row;
  }
  EXPECT_EQ(binomial_tail(3, 3, 0.2), 1);
  EXPECT_EQ(binomial_tail(0, 3, 0), 1);
  EXPECT_EQ(binomial_tail(2, 3, 1), 0);
}

TEST(Holm, AgreesWithStatsmodels) {
  for (const Json& row : golden("holm")) {
    const std::vector<double> adjusted = holm(row["p"].get<std::vector<double>>());
    for (size_t i = 0; i < adjusted.size(); ++i) {
      EXPECT_NEAR(adjusted[i], row["adjusted"][i].get<double>(), 1e-12) << row;
    }
  }
  EXPECT_TRUE(holm({}).empty());
}

TEST(Holm, CorrectsEachFamilyByItself) {
  const std::vector<double> adjusted = holm({0.01, 0.03, 0.02, 0.04}, {"a", "b", "a", "a"});
  const std::vector<double> of_a = holm({0.01, 0.02, 0.04});
  EXPECT_EQ(adjusted, (std::vector<double>{of_a[0], 0.03, of_a[1], of_a[2]}));
}

}  // namespace
}  // namespace aigis
