// The verdict against cases worked out by hand, and intervals against published values.
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lib/core/error.h"
#include "lib/eval/measure.h"
#include "lib/eval/sweep.h"
#include "lib/eval/witness.h"
#include "lib/metrics/interval.h"
#include "tests/models_under_test.h"

namespace aigis {
namespace {

at::Tensor filled(double value) { return at::full({1, 1, 2, 2}, value, at::TensorOptions(at::kFloat)); }

TEST(Admit, MeasuresThenProjects) {
  const Admitted over = admit(filled(0.5), filled(0.7), Norm::linf, 0.1);
  EXPECT_EQ(over.over_budget, 1);
  EXPECT_NEAR(over.worst_overshoot, 0.1, 1e-6);
  EXPECT_NEAR(over.images.max().item<double>(), 0.6, 1e-6);
  EXPECT_NEAR(over.linf.item<double>(), 0.1, 1e-6);
  EXPECT_NEAR(over.l2.item<double>(), 0.2, 1e-6);  // four pixels of 0.1

  const Admitted outside = admit(filled(0.95), filled(1.02), Norm::linf, 0.1);
  EXPECT_EQ(outside.over_budget, 0);
  EXPECT_EQ(outside.out_of_box, 1);
  EXPECT_EQ(outside.images.max().item<double>(), 1.0);
}

TEST(Admit, AnUlpIsForgiven) {
  const at::Tensor clean = filled(100.0 / 255);
  const Admitted exact = admit(clean, clean + 8.0 / 255, Norm::linf, 8.0 / 255);
  EXPECT_EQ(exact.over_budget + exact.out_of_box, 0);
  EXPECT_EQ(admit(clean, clean + (8.0 / 255 + 1e-6), Norm::linf, 8.0 / 255).over_budget, 1);
}

// Twelve values move by 0.1: their L2 size is 0.1 sqrt(12), their L1 size 1.2 and their L0 size 12.
TEST(Admit, TellsJustOverTheBudgetFromJustWithinInEveryNorm) {
  const at::Tensor clean = at::full({1, 3, 2, 2}, 0.25, at::TensorOptions(at::kFloat)), moved = clean + 0.1;
  for (const auto& [norm, size] : {std::pair{Norm::linf, 0.1}, {Norm::l2, 0.1 * std::sqrt(12.0)}, {Norm::l1, 1.2}}) {
    const Admitted over = admit(clean, moved, norm, size - 1e-5), inside = admit(clean, moved, norm, size + 1e-5);
    EXPECT_EQ(over.over_budget, 1) << norm_name(norm);
    EXPECT_NEAR(over.worst_overshoot, 1e-5, 1e-6) << norm_name(norm);
    EXPECT_EQ(inside.over_budget, 0) << norm_name(norm);
    EXPECT_TRUE(at::equal(inside.images, moved)) << norm_name(norm);
  }
  const Admitted over = admit(clean, moved, Norm::l0, 11), inside = admit(clean, moved, Norm::l0, 12);
  EXPECT_EQ(over.over_budget, 1);
  EXPECT_EQ(over.worst_overshoot, 1);
  EXPECT_EQ(over.l0.item<double>(), 11);
  EXPECT_EQ(inside.over_budget, 0);
  EXPECT_TRUE(at::equal(inside.images, moved));
}

TEST(Admit, NanFallsBackToTheCleanImage) {
  const Admitted result = admit(filled(0.5), filled(std::nan("")), Norm::linf, 0.1);
  EXPECT_EQ(result.not_finite, 1);
  EXPECT_TRUE(at::equal(result.images, filled(0.5)));
  EXPECT_THROW(admit(filled(0.5), at::full({1, 1, 3, 3}, 0.5), Norm::linf, 0.1), RunError);
}

// Images are asked about in parts, some of them twice and some that are of no interest.
TEST(Witness, RemembersWhichImagesWereBroken) {
  LinearModel model(at::full({1, 2, 2}, 1.0), -2);
  const at::Tensor clean = at::full({4, 1, 2, 2}, 0.6), broken = at::full({4, 1, 2, 2}, 0.45);
  const Batch batch{clean, at::full({4}, 1, at::TensorOptions(at::kLong)), at::arange(10, 50, 10)};
  Witness witness(model, batch, {}, Norm::linf, 0.2);
  const auto ask = [&](const at::Tensor& images, const at::Tensor& ids) { witness.forward(images, {{}, ids}); };
  const at::Tensor last = batch.ids.slice(0, 3), second = batch.ids.slice(0, 1, 2);
  ask(broken.slice(0, 0, 1), last);
  ask(clean.slice(0, 0, 1), last);
  ask(broken.slice(0, 0, 1), batch.ids.slice(0, 0, 1) + 1);
  ask(broken.slice(0, 0, 1), second);
  EXPECT_TRUE(at::equal(witness.met(), at::tensor({0, 1, 0, 1}).to(at::kBool)));
}

TEST(Quantized, RoundsTowardsTheCleanImage) {
  const auto level = [](double clean, double image) {
    return 255 * quantized(filled(clean / 255), filled(image / 255)).max().item<double>();
  };
  EXPECT_NEAR(level(90, 100.4), 100, 1e-4);
  EXPECT_NEAR(level(90, 100.6), 100, 1e-4);
  EXPECT_NEAR(level(110, 100.4), 101, 1e-4);
  EXPECT_NEAR(level(110, 100.6), 101, 1e-4);
  for (const int64_t grid : {0, 1, 100, 254, 255}) {  // what is on the grid but for float's rounding stays
    for (const double slip : {-1e-5, 0.0, 1e-5}) {
      EXPECT_NEAR(level(0, static_cast<double>(grid) + slip), static_cast<double>(grid), 1e-4);
      EXPECT_NEAR(level(255, static_cast<double>(grid) + slip), static_cast<double>(grid), 1e-4);
    }
  }
}

// The image is on the grid but for rounding, and the model's boundary lies between.
TEST(Quantized, HasAVerdictOfItsOwnWhereAsked) {
  LinearModel model(at::full({1, 2, 2}, 0.25), -(100.0 / 255 + 4e-7));
  const Batch batch{filled(0.5), at::full({1}, 1, at::TensorOptions(at::kLong)),
                    at::arange(1, at::TensorOptions(at::kLong))};
  const at::Tensor image = filled(100.0 / 255 + 8e-7);
  const auto hits = [&](bool bytes) {
    const CleanPass clean = measure_clean(model, batch, 0);
    return measure_cell(model, batch, clean, image, {}, Norm::linf, 0.5, 0, {.bytes = bytes}).tally.quantized_hits;
  };
  EXPECT_EQ(hits(false), (std::vector<int64_t>{1}));
  EXPECT_EQ(hits(true), (std::vector<int64_t>{0}));
}

TEST(Judge, CountsHitsAndNearTies) {
  LinearModel model(at::full({1, 2, 2}, 1.0), -2);  // score = sum - 2
  at::Tensor images = at::cat({filled(0.75), filled(0.25), filled(0.5)});
  const Batch batch{images, at::full({3}, 1, at::TensorOptions(at::kLong)),
                    at::arange(3, at::TensorOptions(at::kLong))};
  const Judgement judgement = judge(model, images, batch, 0, Purpose::verdict_gates);
  EXPECT_EQ(judgement.hits[0].item<int64_t>(), 1);
  EXPECT_EQ(judgement.hits[1].item<int64_t>(), 0);
  EXPECT_EQ(judgement.answers.sizes(), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(judgement.answers[0][0].item<int64_t>(), 1);
  EXPECT_EQ(judgement.answers[0][1].item<int64_t>(), 0);
  EXPECT_FALSE(judgement.open.defined());
  EXPECT_TRUE(at::equal(judgement.margins, at::tensor({1.0, -1.0, 0.0}, at::kDouble)));
  EXPECT_TRUE(at::equal(are_near_ties(judgement.margins), at::tensor({0, 0, 1}).to(at::kBool)));
  EXPECT_EQ(judgement.near_ties, 1);
  LinearModel broken(at::full({1, 2, 2}, std::nan("")), 0);
  const Judgement none = judge(broken, images, batch, 0, Purpose::verdict_gates);
  EXPECT_EQ(none.without_answer, 3);
  EXPECT_EQ(none.near_ties, 0);
  EXPECT_TRUE(none.answers.eq(kNoClass).all().item<bool>());
  EXPECT_FALSE(none.hits.any().item<bool>());
  EXPECT_TRUE(none.margins.eq(-2).all().item<bool>());
  EXPECT_FALSE(none.hits_top5.any().item<bool>());
  EXPECT_EQ(judgement.without_answer, 0);
  EXPECT_THROW(judge_clean(broken, batch, 0, Purpose::verdict_gates), RunError);
}

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

TEST(Plans, RepeatedRunsAreLeftOut) {
  const std::shared_ptr<const Attack> attack;  // the absent one
  const auto runs = plan_runs({attack}, {nullptr}, {Access{}, Access{"grey-box", nullptr}}, false);
  EXPECT_EQ(runs.size(), 1u);
}

}  // namespace
}  // namespace aigis
