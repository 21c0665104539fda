// Losses and targets by hand, and their gradients against finite differences.
#include "attacks/parts/objective.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lib/core/error.h"
#include "tests/attacks.h"
#include "tests/messages.h"
#include "tests/networks.h"

namespace aigis {
namespace {

const at::Tensor& logits() {
  static const at::Tensor z = at::tensor({3.0, 1.0, -1.0, 0.5, 2.0,  //
                                          0.0, 4.0, 1.0, 3.5, -2.0},
                                         at::kDouble)
                                  .view({2, 5});
  return z;
}

Goal goal(bool targeted) {
  const at::Tensor labels = at::tensor({0, 3}, at::kLong), targets = at::tensor({4, 0}, at::kLong);
  return {labels, targeted ? targets : at::Tensor(), {}};
}

TEST(Losses, ByHand) {
  const auto value = [](LossKind kind, bool targeted, int64_t i) {
    return loss_value(kind, logits(), goal(targeted))[i].item<double>();
  };
  const double first = std::log(std::exp(3) + std::exp(1) + std::exp(-1) + std::exp(0.5) + std::exp(2));
  EXPECT_NEAR(value(LossKind::cross_entropy, false, 0), first - 3, 1e-12);
  EXPECT_NEAR(value(LossKind::cross_entropy, true, 0), 2 - first, 1e-12);
  EXPECT_NEAR(value(LossKind::margin, false, 0), 2 - 3, 1e-12);
  EXPECT_NEAR(value(LossKind::margin, false, 1), 4 - 3.5, 1e-12);
  EXPECT_NEAR(value(LossKind::margin, true, 1), 0 - 4, 1e-12);
  // Sorted: 3, 2, 1, .5, -1 and 4, 3.5, 1, 0, -2.
  EXPECT_NEAR(value(LossKind::dlr, false, 0), -(3.0 - 2) / (3 - 1), 1e-9);
  EXPECT_NEAR(value(LossKind::dlr, false, 1), -(3.5 - 4) / (4 - 1), 1e-9);
  EXPECT_NEAR(value(LossKind::dlr, true, 0), -(3.0 - 2) / (3 - (1 + 0.5) / 2), 1e-9);
  EXPECT_NEAR(value(LossKind::dlr, true, 1), -(3.5 - 0) / (4 - (1 + 0.0) / 2), 1e-9);
}

// Where the label ranks third DLR is 1 whatever the logits are: its gradient is the margin's, at DLR's scale.
TEST(Losses, DlrHasASlopeWhereItIsConstant) {
  const at::Tensor z = at::tensor({3.0, 4.5, -1.0, 0.5, 2.0}, at::kDouble).unsqueeze(0).set_requires_grad(true);
  const Goal third{at::tensor({4}, at::kLong), {}, {}};
  const at::Tensor value = loss_value(LossKind::dlr, z, third);
  EXPECT_NEAR(value.item<double>(), 1, 1e-9);
  value.sum().backward();
  EXPECT_TRUE(at::allclose(z.grad(), at::tensor({0.0, 1.0, 0.0, 0.0, -1.0}, at::kDouble).unsqueeze(0) / 2.5, 0, 1e-9));
}

TEST(Losses, GradientsAreThoseOfFiniteDifferences) {
  for (const LossKind kind : {LossKind::cross_entropy, LossKind::margin, LossKind::dlr}) {
    for (const bool targeted : {false, true}) {
      const at::Tensor z = logits().clone().set_requires_grad(true);
      loss_value(kind, z, goal(targeted)).sum().backward();
      at::Tensor numerical = at::zeros_like(logits());
      constexpr double h = 1e-6;
      for (int64_t i = 0; i < 2; ++i) {
        for (int64_t k = 0; k < 5; ++k) {
          at::Tensor up = logits().clone(), down = logits().clone();
          up[i][k] += h;
          down[i][k] -= h;
          const double rise =
              (loss_value(kind, up, goal(targeted)).sum() - loss_value(kind, down, goal(targeted)).sum())
                  .item<double>();
          numerical[i][k] = rise / (2 * h);
        }
      }
      EXPECT_TRUE(at::allclose(z.grad(), numerical, 1e-6, 1e-8)) << static_cast<int>(kind) << targeted;
    }
  }
}

TEST(Losses, DivergenceByHand) {
  const at::Tensor clean = at::tensor({0.7, 0.2, 0.1}, at::kDouble).log().view({1, 3});
  const at::Tensor moved = at::tensor({0.1, 0.3, 0.6}, at::kDouble).log().view({1, 3}) + 5;  // logits know no offset
  const double expected = 0.7 * std::log(7) + 0.2 * std::log(2.0 / 3) + 0.1 * std::log(1.0 / 6);
  EXPECT_NEAR(loss_value(LossKind::kl, moved, {{}, {}, clean}).item<double>(), expected, 1e-12);
  EXPECT_NEAR(loss_value(LossKind::kl, clean, {{}, {}, clean}).item<double>(), 0, 1e-12);
}

TEST(Losses, DlrGivesWayWhereClassesAreTooFew) {
  ObjectiveOptions options;
  options.loss = LossKind::dlr;
  EXPECT_EQ(possible_loss(options, 2), LossKind::margin);
  EXPECT_EQ(possible_loss(options, 3), LossKind::dlr);
  EXPECT_TRUE(loss_notes(options, 3).empty());
  options.target = "second";
  EXPECT_EQ(possible_loss(options, 3), LossKind::margin);
  EXPECT_EQ(possible_loss(options, 4), LossKind::dlr);
  ASSERT_EQ(loss_notes(options, 3).size(), 1u);
  EXPECT_NE(loss_notes(options, 3)[0].find("needs 4 classes and the model has 3"), std::string::npos);
}

TEST(Targets, AreChosenByTheCleanImages) {
  const auto net = build_frozen("resnet-8");
  const int64_t count = 200;
  const Batch batch{random_images(count), at::arange(count, at::TensorOptions(at::kLong)).remainder(10), ids_of(count)};
  Victim victim(*net, 5);
  const auto targets = [&](const std::string& text) {
    ObjectiveOptions options;
    options.target = text;
    return goal_of(options, victim, batch).targets;
  };
  const at::Tensor z = net->forward(batch.images, {}).logits;
  const at::Tensor least = targets("least-likely"), second = targets("second"), random = targets("random");
  std::array<int64_t, 10> shifts{};
  for (int64_t i = 0; i < count; ++i) {
    const auto row = z[i];
    const int64_t label = batch.labels[i].item<int64_t>();
    for (int64_t k = 0; k < 10; ++k) {
      if (k == label) continue;
      EXPECT_LE(row[least[i].item<int64_t>()].item<double>(), row[k].item<double>());
      EXPECT_GE(row[second[i].item<int64_t>()].item<double>(), row[k].item<double>());
    }
    ++shifts[static_cast<size_t>((random[i].item<int64_t>() - label + 10) % 10)];
  }
  EXPECT_EQ(shifts[0], 0);  // never the label
  double chi_square = 0;    // 8 degrees of freedom: above 33 once in 15,000
  for (size_t k = 1; k < 10; ++k) chi_square += std::pow(static_cast<double>(shifts[k]) - 200.0 / 9, 2) / (200.0 / 9);
  EXPECT_LT(chi_square, 33);
  EXPECT_TRUE(targets("7").eq(7).all().item<bool>());
  EXPECT_FALSE(targets("none").defined());
}

TEST(Targets, ThatDoNotExistAreRefused) {
  const auto net = build_frozen("resnet-8");
  for (const char* text : {"pgd:target=10", "pgd:loss=kl,target=3", "bim:loss=kl", "pgd:loss=kl,start_size=0",
                           "fgsm:loss=kl", "fgsm:target=-1"}) {
    EXPECT_THROW(make_attack(text)->check(net->card()), InputError) << text;
  }
  EXPECT_THROW(make_attack("ti-fgsm:translation=4")->check(net->card()), InputError);
  EXPECT_THROW(make_attack("ni-fgsm:momentum=0")->check(net->card()), InputError);
  EXPECT_NO_THROW(make_attack("pgd:target=9")->check(net->card()));
}

TEST(Targets, AreNamedWhereAWordIsNone) {
  const auto net = build_frozen("resnet-8");
  for (const std::string word : {"leastlikely", "cat", "", "3.5"}) {
    EXPECT_EQ(message_of([&] { make_attack("pgd:target=" + word)->check(net->card()); }),
              "option 'target': expected none, random, least-likely, second or a class's number, got '" + word + "'");
  }
}

// A targeted attack makes its class likelier, step by step.
TEST(Targets, AreApproached) {
  const auto net = build_frozen("resnet-8");
  const Batch batch{random_images(4), at::arange(4, at::TensorOptions(at::kLong)), ids_of(4)};
  const auto likelihood = [&](const at::Tensor& x) { return net->forward(x, {}).logits.log_softmax(1).select(1, 6); };
  for (const char* loss : {"ce", "margin", "dlr"}) {
    Victim victim(*net, 5);
    const at::Tensor x =
        make_attack(std::string("bim:target=6,loss=") + loss)->propose(victim, batch, Norm::linf, {0.05})[0];
    EXPECT_TRUE(likelihood(x).gt(likelihood(batch.images)).all().item<bool>()) << loss;
  }
}

}  // namespace
}  // namespace aigis
