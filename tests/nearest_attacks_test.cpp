// Searches for the nearest adversarial image: the distances that they find, against closed forms.
#include <ATen/ops/allclose.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/nearest.h"

namespace aigis {
namespace {

/// A linear model and images of both classes at known distances from its boundary; the box is farther away.
struct Plane {
  /// `slope`: of its logits, which moves no boundary.
  explicit Plane(Norm norm, double slope = 1) : model(weight * slope, 0) {
    const std::vector<double> wanted = norm == Norm::linf ? std::vector{0.02, 0.05, 0.1} : std::vector{0.1, 0.2, 0.3};
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
