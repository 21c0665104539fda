// Searches for the nearest adversarial image: the distances that they find, against closed forms and brute force.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/networks.h"

namespace aigis {
namespace {

/// So large that the verdict's projection changes nothing.
constexpr double kAnyDistance = 1000;

at::Tensor uniform(at::IntArrayRef shape, uint64_t seed) {
  return at::rand(shape, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kDouble));
}

bool exists_in(const Attack& attack, Norm norm) {
  const auto norms = attack.norms();
  return std::find(norms.begin(), norms.end(), norm) != norms.end();
}

// ---- a plane ------------------------------------------------------------------------------------------------------

/// A linear model and images of both classes at known distances from its boundary; the box is farther away.
struct Plane {
  /// `slope`: of its logits, which moves no boundary.
  explicit Plane(Norm norm, double slope = 1) : model(weight * slope, 0) {
    const std::vector<double> wanted = norm == Norm::linf ? std::vector{0.02, 0.05, 0.1} : std::vector{0.1, 0.2, 0.3};
    distances = at::tensor(wanted, at::kDouble).repeat({2});
    const at::Tensor sides = at::tensor({1.0, 1.0, 1.0, -1.0, -1.0, -1.0}, at::kDouble);
    const at::Tensor scores = distances * sides * sizes_of(weight.unsqueeze(0), dual_of(norm));
    const at::Tensor around = uniform({6, 3, 4, 4}, 8) * 0.2 + 0.4;
    const at::Tensor missing = scores - (around * weight).sum({1, 2, 3});
    batch = labelled(model, around + per_image(missing, around) * weight / weight.square().sum());
  }

  at::Tensor raw = uniform({3, 4, 4}, 7), weight = raw - raw.mean();
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

// ---- two pixel values -----------------------------------------------------------------------------------------------

/// 2 pixel values, 10 tanh units, 3 classes.
class PlaneNet : public Model {
 public:
  PlaneNet() {
    card_.architecture = "plane";
    card_.classes = 3;
    card_.input = {2, 1, 1};
    card_.options = Json::object();
    card_.gate_mode = "none";
  }
  Output forward(const at::Tensor& images, const Pass&) override {
    return {at::linear(at::linear(images.flatten(1) - 0.5, first_, bias_).tanh(), second_), {}};
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return false; }

 private:
  at::Tensor first_ = drawn({10, 2}, 4) * 3, bias_ = drawn({10}, 5), second_ = drawn({3, 10}, 6);
  ModelCard card_;
};
/// The least distance at which a point in any of many directions, inside the box, is of another class; by bisection
/// after a coarse walk outwards.
double nearest_by_brute_force(PlaneNet& net, const at::Tensor& image, int64_t label, Norm norm) {
  constexpr int64_t kDirections = 3000, kSteps = 400;
  const at::Tensor angle =
      at::arange(kDirections, at::TensorOptions(at::kDouble)) * (2 * std::numbers::pi / kDirections);
  at::Tensor direction = at::stack({angle.cos(), angle.sin()}, 1).view({-1, 2, 1, 1});
  direction = direction / sizes_of(direction, norm).view({-1, 1, 1, 1});
  double best = 2;
  for (int64_t step = 1; step <= kSteps; ++step) {
    const double radius = 1.5 * static_cast<double>(step) / kSteps;
    const at::Tensor points = image + direction * radius;
    const at::Tensor inside = points.ge(0).logical_and(points.le(1)).flatten(1).all(1);
    const at::Tensor wrong = net.forward(points, {}).logits.argmax(1).ne(label).logical_and(inside);
    if (!wrong.any().item<bool>()) continue;
    const at::Tensor found = direction.index_select(0, wrong.nonzero().squeeze(1));
    at::Tensor high = at::full({found.size(0), 1, 1, 1}, radius, at::TensorOptions(at::kDouble));
    at::Tensor low = at::full_like(high, 1.5 * static_cast<double>(step - 1) / kSteps);
    for (int halving = 0; halving < 30; ++halving) {
      const at::Tensor middle = (low + high) / 2;
      const at::Tensor there = net.forward(image + found * middle, {}).logits.argmax(1).ne(label).view({-1, 1, 1, 1});
      low = at::where(there, low, middle);
      high = at::where(there, middle, high);
    }
    best = high.min().item<double>();
    return best;
  }
  return best;
}

/// How many of the two pixel values have to change: one, if some value of it will do.
double fewest_by_brute_force(PlaneNet& net, const at::Tensor& image, int64_t label) {
  constexpr int64_t kValues = 2001;
  const at::Tensor values = at::linspace(0, 1, kValues, at::TensorOptions(at::kDouble)).view({kValues, 1, 1});
  for (int64_t pixel = 0; pixel < 2; ++pixel) {
    at::Tensor points = image.repeat({kValues, 1, 1, 1});
    points.select(1, pixel).copy_(values);
    if (net.forward(points, {}).logits.argmax(1).ne(label).any().item<bool>()) return 1;
  }
  return 2;
}

/// For how many of the twelve images an attack finds an adversarial one, and how many of these are within 1 % of the
/// nearest, at least.
struct Expected {
  std::string attack;
  int64_t found = 12, optimal = 10;
};

/// Steps that are small from the first on end at the top of the margin near the clean image, and for four of the images
/// nothing there is of another class: C&W does not find one with any weight, nor FMN with short steps. DeepFool takes
/// the first adversarial image on its way, which may be beyond another boundary than the nearest.
const std::vector<Expected> kExpected{{"fab-t:steps=200"},
                                      {"fab:steps=200"},
                                      {"fmn:steps=1000,step_size=2"},
                                      {"ddn:steps=1000,gamma=0.02"},
                                      {"cw:steps=500,step_size=0.02", 8, 8},
                                      {"deepfool:overshoot=0", 12, 6}};

TEST(NearestAttacks, AgreeWithBruteForceOnTwoPixelValues) {
  const OneThread one_thread;
  PlaneNet net;
  constexpr int64_t kImages = 12;
  const Batch batch = labelled(net, uniform({kImages, 2, 1, 1}, 12) * 0.8 + 0.1);
  for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1, Norm::l0}) {
    std::vector<double> least;
    for (int64_t i = 0; i < kImages; ++i) {
      const at::Tensor image = batch.images.slice(0, i, i + 1);
      const auto label = batch.labels[i].item<int64_t>();
      least.push_back(norm == Norm::l0 ? fewest_by_brute_force(net, image, label)
                                       : nearest_by_brute_force(net, image, label, norm));
    }
    for (const auto& [name, to_find, optimal] : kExpected) {
      const auto attack = make_attack(name);
      if (!exists_in(*attack, norm)) continue;
      Victim victim(net, 0);
      const at::Tensor x = attack->propose(victim, batch, norm, {kAnyDistance})[0];
      const at::Tensor found = sizes_of(x - batch.images, norm);
      const at::Tensor wrong = net.forward(x, {}).logits.argmax(1).ne(batch.labels);
      EXPECT_EQ(wrong.sum().item<int64_t>(), to_find) << name << " " << norm_name(norm) << wrong;
      const at::Tensor ratios = (found / at::tensor(least, at::kDouble)).masked_select(wrong);
      EXPECT_GE(ratios.min().item<double>(), 0.995) << name << " " << norm_name(norm) << ": brute force should be best";
      EXPECT_GE(ratios.le(1.01).sum().item<int64_t>(), optimal) << name << " " << norm_name(norm) << ratios;
    }
  }
}

}  // namespace
}  // namespace aigis
