// A gate's variance taken apart, against populations whose share is known in closed form.
#include "lib/metrics/image_share.h"

#include <gtest/gtest.h>

#include <random>

namespace aigis {
namespace {

/// Gates of images whose probabilities follow Beta(a, b); the share of variance due to the image is 1 / (a + b + 1).
ImageShare beta_gates(double a, double b, int64_t images, int64_t draws, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::gamma_distribution<double> first(a, 1), second(b, 1);
  ImageShare share(draws);
  for (int64_t i = 0; i < images; ++i) {
    const double x = first(random), p = x / (x + second(random));
    share.add(std::binomial_distribution<int64_t>(draws, p)(random));
  }
  return share;
}

TEST(ImageShare, IsThatOfTheBetaBinomial) {
  for (const auto& [a, b] : {std::pair{0.5, 0.5}, {2.0, 1.0}, {30.0, 10.0}}) {
    for (const int64_t draws : {2, 5, 20}) {
      const double expected = 1 / (a + b + 1);
      EXPECT_NEAR(*beta_gates(a, b, 200'000, draws, 1).value(), expected, 0.006) << a << " " << b << " " << draws;
    }
  }
}

TEST(ImageShare, KnowsCoinsAndDecisions) {
  ImageShare coin(4), decision(4), constant(4);
  std::mt19937_64 random(2);
  std::binomial_distribution<int64_t> tosses(4, 0.7);
  for (int i = 0; i < 50'000; ++i) {
    coin.add(tosses(random));
    decision.add(i % 3 == 0 ? 0 : 4);
    constant.add(4);
  }
  EXPECT_NEAR(*coin.value(), 0, 0.01);
  EXPECT_LE(coin.interval()->low, 0.002);
  EXPECT_NEAR(*decision.value(), 1, 1e-4);
  EXPECT_FALSE(constant.value());
  EXPECT_FALSE(constant.interval());
  EXPECT_THROW(ImageShare(1), std::invalid_argument);
  EXPECT_THROW(coin.add(5), std::out_of_range);
}

// Of 400 samples the 95 % interval must hold the truth in about 380; fewer than 364 has a chance below 1 in 10,000.
TEST(ImageShare, IntervalsHoldTheTruthAsOftenAsTheySay) {
  int held = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const auto interval = beta_gates(1, 1, 1000, 5, 100 + seed).interval();
    held += interval->low <= 1.0 / 3 && 1.0 / 3 <= interval->high;
  }
  EXPECT_GE(held, 364);
  EXPECT_LE(held, 396);
}

}  // namespace
}  // namespace aigis
