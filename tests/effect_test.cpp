// What an attack did is measured and compared image by image.
#include "reports/effect.h"

#include <gtest/gtest.h>

#include <cmath>

#include "lib/metrics/interval.h"
#include "tests/attacks.h"

namespace aigis {
namespace {

using Kind = Effect::Kind;
using Verdict = Contrast::Verdict;

Effect effect(std::vector<double> of_images, bool grows = true, Kind kind = Kind::amount) {
  return {"what is wanted", kind, std::move(of_images), 1, grows};
}

/// Of images that differ by much more than `shift`, which every image is moved by, and a little besides.
std::vector<double> moved(double shift, int64_t images = 100) {
  std::vector<double> values;
  for (int64_t i = 0; i < images; ++i) {
    values.push_back(static_cast<double>(1000 * (i % 10)) + shift + (i % 2 == 0 ? 0.1 * shift : -0.1 * shift));
  }
  return values;
}

TEST(Effect, ASmallShiftOfImagesThatDifferMuchIsSeen) {
  const std::vector<double> few = moved(0), more = moved(10);
  ASSERT_LT(mean_interval(more).low, mean_interval(few).high) << "the means' own intervals do not tell";
  EXPECT_EQ(contrast(effect(more), effect(few)).verdict, Verdict::more);
  EXPECT_EQ(contrast(effect(few), effect(more)).verdict, Verdict::less);
  EXPECT_EQ(contrast(effect(few, false), effect(more, false)).verdict, Verdict::more);
  EXPECT_EQ(contrast(effect(more), effect(few)).evidence.find("image by image, the difference is 10.000 [9.8"), 0u);
}

// Differences of 10 and of -8 in turns: 1 in the mean, and a standard error of 0.9.
TEST(Effect, AShiftByChanceIsNot) {
  std::vector<double> other = moved(0), attacked = other;
  for (size_t i = 0; i < attacked.size(); ++i) attacked[i] += i % 2 == 0 ? 10 : -8;
  EXPECT_EQ(contrast(effect(attacked), effect(other)).verdict, Verdict::alike);
  EXPECT_EQ(contrast(effect(other), effect(attacked)).verdict, Verdict::alike);
  EXPECT_EQ(contrast(effect(other), effect(other)).verdict, Verdict::alike);
}

TEST(Effect, FewerThanSixImagesTellNothing) {
  const std::vector<double> none(5, 0), all(5, 1);
  EXPECT_EQ(contrast(effect(all), effect(none)).verdict, Verdict::alike);
  EXPECT_EQ(contrast(effect(all), effect(none)).evidence, "5 images are too few to tell by");
  EXPECT_EQ(contrast(effect(std::vector<double>(6, 1)), effect(std::vector<double>(6, 0))).verdict, Verdict::more);
}

// McNemar's exact test: of seven images that differ all must go one way, of eleven at least ten.
TEST(Effect, SharesAreComparedByAPairedTest) {
  std::vector<double> other(50, 0), attacked(50, 0);
  for (size_t i = 0; i < 9; ++i) attacked[i] = 1;
  for (size_t i = 9; i < 11; ++i) other[i] = 1;
  EXPECT_EQ(contrast(effect(attacked, true, Kind::share), effect(other, true, Kind::share)).verdict, Verdict::alike);
  attacked[9] = 1;
  attacked[11] = 1;
  EXPECT_EQ(contrast(effect(attacked, true, Kind::share), effect(other, true, Kind::share)).verdict, Verdict::more);
  EXPECT_EQ(contrast(effect(attacked, true, Kind::share), effect(other, true, Kind::share)).evidence,
            "image by image, p = 0.012");
}

TEST(Effect, OfVariancesTheDeviationsDifferenceIsTold) {
  const std::vector<double> quiet{1, 1, 1, 1, 1, 1, 1, 1}, loud(8, 9);
  EXPECT_EQ(effect(loud, true, Kind::variance).value(), 3);
  const Contrast beside = contrast(effect(loud, true, Kind::variance), effect(quiet, true, Kind::variance));
  EXPECT_EQ(beside.verdict, Verdict::more);
  EXPECT_EQ(beside.evidence, "image by image, the difference is 2.000 [2.000, 2.000]");
}

/// Four images of two classes and a gate that opens for the second, twice drawn.
struct Drawn {
  ModelCard card;
  RunTally tally;
  CellTally cell;

  Drawn() {
    card.classes = 2;
    card.macs_always = 10;
    card.gated = {{"gate", 100, 0}};
    card.draws = 2;
    tally.clean.labels = cell.pass.labels = {0, 1, 0, 1};
    tally.clean.opened = {0, 2, 0, 2};
    tally.clean.spent = {20, 220, 20, 220};
    cell.pass.opened = {2, 2, 1, 0};
    cell.pass.spent = {220, 220, 120, 20};
    cell.pass.cost_spread = {0, 0, 5000, 0};
    cell.hits = {0, 1, 2, 0};
  }
  std::optional<Effect> of(const std::string& attack) const {
    return effect_of(*make_attack(attack), card, tally, cell);
  }
};

TEST(Effect, IsMeasuredByTheAim) {
  const Drawn drawn;
  EXPECT_EQ(drawn.of("pgd")->of_images, (std::vector<double>{0, 1, 2, 0}));
  EXPECT_EQ(drawn.of("pgd")->value(), 3.0 / 8) << "of two draws each";
  EXPECT_FALSE(drawn.of("pgd")->grows);
  for (const char* attack : {"pgd", "gate-reroute"}) EXPECT_EQ(drawn.of(attack)->draws, 2) << attack;
  EXPECT_EQ(drawn.of("gate-reroute")->of_images, (std::vector<double>{0, 1, 0, 0})) << "of the second alone";
  EXPECT_EQ(drawn.of("gate-sloth")->of_images, (std::vector<double>{110, 110, 60, 10}));
  EXPECT_TRUE(drawn.of("gate-sloth")->grows);
  EXPECT_FALSE(drawn.of("gate-starve")->grows);
  EXPECT_EQ(drawn.of("gate-jitter")->value(), std::sqrt(1250.0));
  EXPECT_EQ(drawn.of("gate-hijack:class=1")->of_images, (std::vector<double>{1, 0.5})) << "of the other class";
}

TEST(Effect, IsNothingWhereItCannotBeSeen) {
  Drawn drawn;
  drawn.cell.pass.cost_spread.clear();
  drawn.tally.clean.labels = drawn.cell.pass.labels = {1, 1, 1, 1};
  EXPECT_FALSE(drawn.of("gate-jitter"));
  EXPECT_FALSE(drawn.of("gate-hijack:class=1"));
}

// Of six images one draw of two each: 2 of the 64 ways to deal out the signs are as far from even.
TEST(Effect, SharesAreOfAllDraws) {
  const auto right_in = [](double draws_of_each, size_t images) {
    return Effect{"robust accuracy", Kind::share, std::vector<double>(images, draws_of_each), 1, false, 2};
  };
  EXPECT_EQ(right_in(1, 6).value(), 0.5);
  const Contrast six = contrast(right_in(0, 6), right_in(1, 6)), five = contrast(right_in(0, 5), right_in(1, 5));
  EXPECT_EQ(six.verdict, Verdict::more);
  EXPECT_EQ(six.evidence, "image by image, p = 0.031");
  EXPECT_EQ(five.verdict, Verdict::alike);
  EXPECT_EQ(contrast(right_in(2, 6), right_in(1, 6)).verdict, Verdict::less);
}

}  // namespace
}  // namespace aigis
