// The verdict against cases worked out by hand.
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

TEST(Plans, RepeatedRunsAreLeftOut) {
  const std::shared_ptr<const Attack> attack;  // the absent one
  const auto runs = plan_runs({attack}, {nullptr}, {Access{}, Access{"grey-box", nullptr}}, false);
  EXPECT_EQ(runs.size(), 1u);
}

}  // namespace
}  // namespace aigis
