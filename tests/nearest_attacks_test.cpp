// Searches for the nearest adversarial image: the distances that they find, against closed forms.
#include <ATen/ops/allclose.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "attacks/parts/objective.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/nearest.h"
#include "tests/toy_model.h"

namespace aigis {
namespace {

/// A linear model and images of both classes at known distances from its boundary; the box is farther away.
struct Plane {
  /// `slope`: of its logits, which moves no boundary.
  explicit Plane(Norm norm, double slope = 1) : model(weight * slope, 0) {
    const std::vector<double> wanted = norm == Norm::linf ? std::vector{0.004, 0.05, 0.1} : std::vector{0.1, 0.2, 0.3};
    distances = at::tensor(wanted, at::kDouble).repeat({2});
    const at::Tensor sides = at::tensor({1.0, 1.0, 1.0, -1.0, -1.0, -1.0}, at::kDouble);
    const at::Tensor scores = distances * sides * sizes_of(weight.unsqueeze(0), dual_of(norm));
    const at::Tensor around = drawn_uniformly({6, 3, 4, 4}, 8) * 0.2 + 0.4;
    const at::Tensor missing = scores - (around * weight).sum({1, 2, 3});
    batch = labelled(model, around + per_image(missing, around) * weight / weight.square().sum());
  }

  at::Tensor raw = drawn_uniformly({3, 4, 4}, 7), weight = raw - raw.mean();
  LinearModel model;
  at::Tensor distances;  ///< [N]
  Batch batch;
};

class NearestOfAPlane : public ::testing::TestWithParam<std::string> {};

TEST_P(NearestOfAPlane, IsFoundWithinOnePercent) {
  const auto attack = make_attack(GetParam());
  for (const Norm norm : all_norms()) {
    if (!exists_in(*attack, norm)) continue;
    Plane plane(norm);
    Victim victim(plane.model, 5);
    const at::Tensor x = attack->propose(victim, plane.batch, norm, {kAnyDistance})[0];
    const at::Tensor wrong = plane.model.forward(x, {}).logits.argmax(1).ne(plane.batch.labels);
    EXPECT_TRUE(wrong.all().item<bool>()) << norm_name(norm) << wrong;
    const at::Tensor ratios = sizes_of(x - plane.batch.images, norm) / plane.distances;
    EXPECT_GE(ratios.min().item<double>(), 1 - 1e-9) << norm_name(norm) << ratios;
    EXPECT_LE(ratios.max().item<double>(), 1.01) << norm_name(norm) << ratios;
  }
}

INSTANTIATE_TEST_SUITE_P(Attacks, NearestOfAPlane,
                         ::testing::Values("deepfool:overshoot=0", "cw", "ddn", "fmn:overshoot=0.001", "fab", "fab-t",
                                           "hopskipjump:samples=500"),
                         [](const auto& p) {
                           std::string name = p.param.substr(0, p.param.find(':'));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// A linear model of four classes, and images for which the boundary to the runner-up need not be the nearest.
class Cells : public ToyModel {
 public:
  Cells() : ToyModel("linear", 4, {3, 8, 8}) {
    const at::Tensor around = drawn_uniformly({8, 3, 8, 8}, 4) * 0.4 + 0.3;
    const at::Tensor inwards = weight_.repeat({2, 1}) - weight_.mean(0);  // of each class, away from all others
    batch = labelled(*this, around + (0.4 * inwards / inwards.norm(2, 1, true)).view(around.sizes()));
  }
  Output forward(const at::Tensor& images, const Pass&) override {
    return {at::linear(images.flatten(1) - 0.5, weight_), {}};
  }

  /// [N, K] to the boundary of each class, the box being farther away; infinite to the label's own.
  at::Tensor distances(Norm norm) {
    const at::Tensor logits = forward(batch.images, {}).logits, own = batch.labels.unsqueeze(1);
    const at::Tensor slopes = weight_.index_select(0, batch.labels).unsqueeze(1) - weight_.unsqueeze(0);
    const at::Tensor sizes = sizes_of(slopes.flatten(0, 1), dual_of(norm)).view(logits.sizes());
    return ((logits.gather(1, own) - logits) / sizes).scatter(1, own, std::numeric_limits<double>::infinity());
  }

  Batch batch;

 private:
  at::Tensor weight_ = (drawn_uniformly({4, 192}, 3) * 10 - 5) * at::linspace(0.5, 2, 4, at::kDouble).view({4, 1});
};

class NearestOfManyClasses : public ::testing::TestWithParam<std::string> {};

TEST_P(NearestOfManyClasses, IsFoundWithinOnePercent) {
  const auto attack = make_attack(GetParam());
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    if (!exists_in(*attack, norm)) continue;
    Cells cells;
    Victim victim(cells, 5);
    const at::Tensor x = attack->propose(victim, cells.batch, norm, {kAnyDistance})[0];
    const at::Tensor wrong = cells.forward(x, {}).logits.argmax(1).ne(cells.batch.labels);
    EXPECT_TRUE(wrong.all().item<bool>()) << norm_name(norm) << wrong;
    const at::Tensor distances = cells.distances(norm), nearest = distances.amin(1);
    const at::Tensor ratios = sizes_of(x - cells.batch.images, norm) / nearest;
    EXPECT_GE(ratios.min().item<double>(), 1 - 1e-9) << norm_name(norm) << ratios;
    EXPECT_LE(ratios.max().item<double>(), 1.01) << norm_name(norm) << ratios;
    const at::Tensor runner_up = likeliest_wrong(cells.forward(cells.batch.images, {}).logits, cells.batch.labels);
    const at::Tensor to_it = distances.gather(1, runner_up.slice(1, 0, 1)).squeeze(1);
    EXPECT_GT((to_it / nearest).max().item<double>(), 1.02) << "else no class but the likeliest is needed";
  }
}

INSTANTIATE_TEST_SUITE_P(Attacks, NearestOfManyClasses,
                         ::testing::Values("deepfool:overshoot=0", "cw:targets=3", "ddn:targets=3",
                                           "fmn:targets=3,overshoot=0.001", "fab", "fab-t"),
                         [](const auto& p) {
                           std::string name = p.param.substr(0, p.param.find(':'));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// So far that rounding in another batch does not move an image back.
TEST(NearestAttacks, HopSkipJumpHandsOutImagesThatAreClearlyWrong) {
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    Plane plane(norm);
    Victim victim(plane.model, 5);
    const at::Tensor x = make_attack("hopskipjump:steps=3")->propose(victim, plane.batch, norm, {kAnyDistance})[0];
    const auto score = [&](const at::Tensor& images) { return plane.model.forward(images, {}).logits.select(1, 1); };
    const at::Tensor beyond = -score(x) / score(plane.batch.images);
    EXPECT_GE(beyond.min().item<double>(), 5e-5) << norm_name(norm) << beyond;
  }
}

/// What is near enough is left at once, not only when a part of the search is over.
TEST(NearestAttacks, LeaveWhatIsWithinTheSmallestBudget) {
  Plane plane(Norm::l2);
  for (const std::string attack :
       {"cw:steps=200,searches=1,weight=100", "ddn:steps=200", "fmn:steps=200", "fab:steps=200"}) {
    const auto gradients = [&](double least) {
      Victim victim(plane.model, 5, Judge::this_model);
      make_attack(attack)->propose(victim, plane.batch, Norm::l2, {least, kAnyDistance});
      return victim.audit().backward;
    };
    EXPECT_LT(2 * gradients(1), gradients(0.001)) << attack;
  }
}

/// Only the last weight of ten outweighs the distance from logits that hardly differ.
TEST(NearestAttacks, CarliniWagnerEndsWithTheGreatestWeightWhereNoneWasEnough) {
  Plane plane(Norm::l2, 1e-9);
  const auto wrong = [&](const std::string& searches) {
    Victim victim(plane.model, 5);
    const at::Tensor x =
        make_attack("cw:steps=200,searches=" + searches)->propose(victim, plane.batch, Norm::l2, {kAnyDistance})[0];
    return plane.model.forward(x, {}).logits.argmax(1).ne(plane.batch.labels);
  };
  EXPECT_FALSE(wrong("9").any().item<bool>());
  EXPECT_TRUE(wrong("10").all().item<bool>());
}

/// In float32 the cross-entropy of logits this large has no slope until an image is wrong.
TEST(NearestAttacks, DdnSearchesAtRandomWhereTheLossIsFlat) {
  const at::Tensor weight = at::tensor({1000.0F, -1000.0F}).view({2, 1, 1});
  LinearModel model(weight, 0);
  const at::Tensor sides = at::tensor({0.1F, 0.2F, 0.3F, -0.1F, -0.2F, -0.3F});
  const Batch batch = labelled(model, 0.5 + sides.view({-1, 1, 1, 1}) * weight.sign() / std::sqrt(2));
  Victim victim(model, 5);
  const auto nearest = [&](const Batch& images) {
    return make_attack("ddn")->propose(victim, images, Norm::l2, {kAnyDistance})[0];
  };
  const at::Tensor x = nearest(batch);
  EXPECT_GE(victim.audit().zero_gradients, 6);
  EXPECT_TRUE(model.forward(x, {}).logits.argmax(1).ne(batch.labels).all().item<bool>()) << x;
  const at::Tensor ratios = sizes_of(x - batch.images, Norm::l2) / sides.abs();
  EXPECT_LE(ratios.max().item<double>(), 1.05) << ratios;
  EXPECT_TRUE(at::allclose(nearest(batch.part(4, 1)), x.slice(0, 4, 5), 0, 1e-6)) << "whatever images are beside it";
}

}  // namespace
}  // namespace aigis
