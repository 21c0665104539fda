// Where attacks of the one loop ask for gradients in L2 and L1: as far from their iterate as their options say in the
// norm, in which the mean absolute value of 1 that Linf's papers give a direction is no length.
#include <ATen/ops/allclose.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/attacks.h"

namespace aigis {
namespace {

constexpr double kStep = 0.1;  // in budgets: every attack's here

double budget(Norm norm) { return norm == Norm::l2 ? 0.15 : 0.5; }

/// Remembers the images that it is given.
class RemembersImages : public SmoothNet {
 public:
  explicit RemembersImages(bool random = false)
      : SmoothNet(0.3 * drawn({4, 3, 3, 3}, 1), 0.3 * drawn({4, 4, 3, 3}, 2), drawn({3, 64}, 3), {3, 4, 4}) {
    card_.has_random_gates = random;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    given.push_back(images.detach());
    return SmoothNet::forward(images, pass);
  }

  std::vector<at::Tensor> given;
};

struct Asked {
  std::vector<at::Tensor> changes;  ///< of the images that gradients were taken of
  at::Tensor last;                  ///< of the images that were handed out
};

at::Tensor far_from_the_box() { return 0.4 + 0.2 * drawn_uniformly({3, 3, 4, 4}, 4); }

Asked asked_by(const std::string& attack, Norm norm, const at::Tensor& clean = far_from_the_box()) {
  RemembersImages model;
  const Batch batch = labelled(model, clean);
  model.given.clear();
  Victim victim(model, 5);
  Asked asked;
  asked.last = make_attack(attack)->propose(victim, batch, norm, {budget(norm)})[0] - batch.images;
  for (const at::Tensor& images : model.given) asked.changes.push_back(images - batch.images);
  return asked;
}

class StepPoints : public ::testing::TestWithParam<Norm> {};

TEST_P(StepPoints, LieAsFarOutsideTheBallAsOptionsSay) {
  const double lookahead = kStep, samples = 7 * kStep, neighbours = 1.5;
  for (const auto& [attack, outside] : std::vector<std::pair<std::string, double>>{{"mi-fgsm", 0},
                                                                                   {"ni-fgsm", lookahead},
                                                                                   {"emi-fgsm", samples},
                                                                                   {"vmi-fgsm", neighbours},
                                                                                   {"vni-fgsm", neighbours}}) {
    for (const at::Tensor& change : asked_by(attack, GetParam()).changes) {
      EXPECT_LE(sizes_of(change, GetParam()).max().item<double>(), (1 + outside) * budget(GetParam()) + 1e-9) << attack;
    }
  }
}

// The second step looks ahead by the first, `momentum` times.
TEST_P(StepPoints, LookAheadByAStep) {
  const at::Tensor first = asked_by("ni-fgsm:steps=1", GetParam()).last;
  ASSERT_NEAR(sizes_of(first, GetParam()).min().item<double>(), kStep * budget(GetParam()), 1e-12);
  for (const double momentum : {0.5, 1.0}) {
    const Asked asked = asked_by(fmt::format("ni-fgsm:steps=2,momentum={}", momentum), GetParam());
    ASSERT_EQ(asked.changes.size(), 2U);
    EXPECT_TRUE(at::allclose(asked.changes[1], (1 + momentum) * first, 0, 1e-12)) << momentum;
  }
}

TEST_P(StepPoints, SampleTheLineOfTheLastStep) {
  const at::Tensor first = asked_by("emi-fgsm:steps=1", GetParam()).last;
  const Asked asked = asked_by("emi-fgsm:steps=2,samples=3,sample_radius=4", GetParam());
  ASSERT_EQ(asked.changes.size(), 4U) << "without a last step all points are one";
  EXPECT_TRUE(asked.changes[0].eq(0).all().item<bool>());
  for (size_t i = 0; i < 3; ++i) {
    const double steps = 1 + 4 * (static_cast<double>(i) - 1);
    EXPECT_TRUE(at::allclose(asked.changes[1 + i], steps * first, 0, 1e-12)) << i;
  }
}

// Where something is drawn the points of the first step differ, and all are asked.
TEST(StepPointsOfTheFirstStep, AreAllAskedWhereTheyDiffer) {
  const auto asked = [](bool random, const std::string& options) {
    RemembersImages model(random);
    Victim victim(model, 5);
    const Batch batch = labelled(model, far_from_the_box());
    model.given.clear();
    make_attack("emi-fgsm:steps=1,samples=3" + options)->propose(victim, batch, Norm::linf, {0.1});
    return model.given.size();
  };
  EXPECT_EQ(asked(false, ""), 1U);
  EXPECT_EQ(asked(true, ""), 3U);
  EXPECT_EQ(asked(false, ",diversity=0.9"), 3U);
}

// A step changes five pixel values of those that can move inwards; what the box stops takes no place ahead of it
// either.
TEST(StepPointsInL1, LieWhereAStepCanLead) {
  const at::Tensor images = drawn_uniformly({3, 3, 4, 4}, 4).round();
  const at::Tensor first = asked_by("ni-fgsm:steps=1,l1_share=0.1", Norm::l1, images).last;
  ASSERT_NEAR(sizes_of(first, Norm::l1).min().item<double>(), kStep * budget(Norm::l1), 1e-12);
  const Asked ahead = asked_by("ni-fgsm:steps=2,l1_share=0.1", Norm::l1, images);
  EXPECT_TRUE(at::allclose(ahead.changes.at(1), 2 * first, 0, 1e-12));
  const Asked along = asked_by("emi-fgsm:steps=2,samples=3,sample_radius=4,l1_share=0.1", Norm::l1, images);
  EXPECT_TRUE(at::allclose(along.changes.at(3), 5 * first, 0, 1e-12));
}

// Of points uniform in a ball of 48 dimensions, one in 45,000 lies within 4/5 of its radius.
TEST_P(StepPoints, SpreadOverTheNeighbourhood) {
  const Asked asked = asked_by("vmi-fgsm:steps=2,neighbours=5,neighbourhood=2", GetParam());
  ASSERT_EQ(asked.changes.size(), 7U);  // the last step needs no neighbours
  for (size_t i = 1; i <= 5; ++i) {
    const at::Tensor sizes = sizes_of(asked.changes[i], GetParam()) / budget(GetParam());
    EXPECT_GT(sizes.min().item<double>(), 1.6);
    EXPECT_LE(sizes.max().item<double>(), 2 + 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Norms, StepPoints, ::testing::Values(Norm::l2, Norm::l1),
                         [](const auto& norm) { return std::string(norm_name(norm.param)); });

}  // namespace
}  // namespace aigis
