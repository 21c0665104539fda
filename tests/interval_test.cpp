// Intervals against published values.
#include "lib/metrics/interval.h"

#include <gtest/gtest.h>

#include <vector>

namespace aigis {
namespace {

// Values of R 4's binom::binom.confint(method = "wilson") for 8 of 10 and 0 of 20.
TEST(Wilson, PublishedValues) {
  EXPECT_NEAR(wilson(8, 10).low, 0.4901625, 1e-6);
  EXPECT_NEAR(wilson(8, 10).high, 0.9433178, 1e-6);
  EXPECT_EQ(wilson(0, 20).low, 0);
  EXPECT_NEAR(wilson(0, 20).high, 0.1611252, 1e-6);
  EXPECT_EQ(wilson(0, 0).high, 1);
}

TEST(Proportions, DrawsOfOneImageAreACluster) {
  // Every image all or nothing: five draws say no more than one.
  Proportion together, single;
  for (int i = 0; i < 100; ++i) {
    together.add(i < 60 ? 5 : 0, 5);
    single.add(i < 60 ? 1 : 0, 1);
  }
  EXPECT_DOUBLE_EQ(together.value(), 0.6);
  EXPECT_DOUBLE_EQ(together.successes(), 60);
  EXPECT_NEAR(together.interval().low, single.interval().low, 2e-3);
  // Every image the same coin: five draws say five times as much, and more.
  Proportion coin;
  for (int i = 0; i < 100; ++i) coin.add(i % 2 == 0 ? 3 : 2, 5);
  EXPECT_LT(coin.interval().high - coin.interval().low, (single.interval().high - single.interval().low) / 2);
}

TEST(Proportions, RareSuccessesTellNoMoreThanNone) {
  // How far the interval reaches from 0 where `rare` of 200 images succeed in one of 20 draws; inverted, from 1.
  const auto reach = [](int64_t rare, bool inverted) {
    constexpr int64_t kDraws = 20;
    Proportion share;
    for (int64_t i = 0; i < 200; ++i) share.add(inverted ? kDraws - (i < rare) : (i < rare), kDraws);
    return inverted ? 1 - share.interval().low : share.interval().high;
  };
  for (const bool inverted : {false, true}) {
    EXPECT_NEAR(reach(0, inverted), 0.018846, 1e-6);  // z^2 / (200 + z^2)
    for (int64_t rare = 1; rare <= 200; ++rare) EXPECT_GE(reach(rare, inverted), reach(0, inverted)) << rare;
  }
}

/// A share of `images[k]` images of which k of the draws succeed.
Proportion of_histogram(const std::vector<int64_t>& images) {
  Proportion share;
  for (size_t k = 0; k < images.size(); ++k) {
    for (int64_t i = 0; i < images[k]; ++i) share.add(static_cast<int64_t>(k), std::ssize(images) - 1);
  }
  return share;
}

// Layers that ran for 1000 images under an attack that shuts gates; ends and standard error by the formulas, in Python.
// Drawn alike, they would vary by the root of p (1-p) / 9000, .0053.
TEST(Shares, UnlikeLayersLetImagesVaryLessThanChance) {
  const Proportion open = of_histogram({0, 0, 0, 0, 208, 671, 121, 0, 0, 0});
  EXPECT_NEAR(open.value(), 0.5458889, 1e-7);
  EXPECT_NEAR(open.share_interval().low, 0.5419799, 1e-6);
  EXPECT_NEAR(open.share_interval().high, 0.5497923, 1e-6);
  EXPECT_NEAR(open.share_interval().standard_error(), 0.0019931, 1e-5);
  EXPECT_GT(open.interval().standard_error(), 0.005);
  const Proportion nearly = of_histogram({0, 0, 0, 0, 0, 0, 0, 27, 973, 0});
  EXPECT_NEAR(nearly.share_interval().standard_error(), 0.0005698, 1e-5);
}

TEST(Shares, AreCountedInEitherFormAlike) {
  for (const std::vector<int64_t>& images : {std::vector<int64_t>{3, 0, 41, 56}, {99, 0, 1}, {0, 7, 0}, {0, 1}}) {
    std::vector<double> shares;
    for (size_t k = 0; k < images.size(); ++k) {
      const double share = static_cast<double>(k) / static_cast<double>(images.size() - 1);
      shares.insert(shares.end(), static_cast<size_t>(images[k]), share);
    }
    const Interval counted = of_histogram(images).share_interval(), listed = mean_share_interval(shares);
    EXPECT_NEAR(counted.low, listed.low, 1e-9);
    EXPECT_NEAR(counted.high, listed.high, 1e-9);
  }
}

TEST(Shares, ImagesThatTellLittleCountOnce) {
  const auto as_if_once = [](const Proportion& share) {
    const Interval once = wilson(share.successes(), static_cast<double>(share.trials())), said = share.share_interval();
    EXPECT_NEAR(said.low, once.low, 1e-12);
    EXPECT_NEAR(said.high, once.high, 1e-12);
  };
  as_if_once(of_histogram({0, 0, 300, 0}));            // equal ones
  as_if_once(of_histogram({0, 0, 0, 300}));            // all of the gates
  as_if_once(of_histogram({300, 0, 0, 0}));            // none
  as_if_once(of_histogram({981, 19, 0, 0, 0, 0, 0}));  // one gate of a few images
  as_if_once(of_histogram({0, 0, 0, 0, 0, 19, 981}));
  as_if_once(of_histogram({0, 0, 9, 10, 0}));  // few images
  as_if_once(of_histogram({0, 1, 0}));
}

}  // namespace
}  // namespace aigis
