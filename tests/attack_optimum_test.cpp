// Laws that every attack of the list must obey on linear models, where the optimum and all gradients are known.
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lib/core/error.h"
#include "lib/eval/verdict.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"

namespace aigis {
namespace {

class OnLinearModels : public ::testing::TestWithParam<std::string> {
 protected:
  /// Why the attack cannot be run on a model; empty if it can.
  std::string refusal(const ModelCard& card) const {
    try {
      attack()->check(card);
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }
  /// Whether it comes within 1 % of the optimum.
  bool turns() const;

  /// Three of whatever it does many times: the laws hold for any number.
  std::shared_ptr<Attack> attack() const { return make_attack(shortened(GetParam(), 3)); }
};

/// Attacks that need not come within 1 % of a linear model's optimum, and why.
bool OnLinearModels::turns() const {
  const std::string name = GetParam();
  if (name == "ti-fgsm") return false;  // follows a smoothed gradient
  if (name == "di-fgsm") return false;  // follows the gradient of moved images
  if (name == "r-fgsm") return false;   // spends half of its budget at random
  if (name == "ffgsm") return false;    // one step does not undo a random start
  return true;
}

// On a linear model the optimum is known: x turns at |w.x + b| over the dual norm of w, and not before. This is what
// the verdict makes of an attack's images; how near they are by themselves see tests/nearest_attacks_test.cpp.
TEST_P(OnLinearModels, ReachesTheOptimum) {
  if (!attack()->sees_gradients()) GTEST_SKIP() << "takes no gradients";
  const at::Tensor weight = drawn_uniformly({3, 4, 4}, 7) - 0.5;
  const at::Tensor image = drawn_uniformly({1, 3, 4, 4}, 8) * 0.2 + 0.4;
  LinearModel model(weight, 0.05);
  if (const std::string reason = refusal(model.card()); !reason.empty()) GTEST_SKIP() << reason;
  const double score = model.forward(image, {}).logits[0][1].item<double>();
  const Batch one{image, at::full({1}, score > 0 ? 1 : 0, at::TensorOptions(at::kLong)),
                  at::full({1}, 0, at::TensorOptions(at::kLong))};
  for (const Norm norm : attack()->norms()) {
    if (norm == Norm::l0) continue;  // has no dual norm; FMN's goldens and norm_test speak of it
    const double optimum = std::abs(score) / sizes_of(weight.unsqueeze(0), dual_of(norm)).item<double>();
    if (norm == Norm::l1 && optimum > 0.4) FAIL() << "the box would bind";
    // A random start is undone step by step.
    const bool random = GetParam() == "pgd" || GetParam() == "eot-pgd";
    const auto attack = make_attack(GetParam() + (random                       ? ":steps=200,draws=1"
                                                  : GetParam() == "autoattack" ? ":queries=20"
                                                                               : ""));
    Victim victim(model, 5);
    const auto proposals = attack->propose(victim, one, norm, {0.99 * optimum, 1.01 * optimum});
    EXPECT_EQ(judge(model, proposals[0], one, 0, Purpose::verdict_gates).hits.item<int64_t>(), 1) << norm_name(norm);
    if (turns()) {
      EXPECT_EQ(judge(model, proposals[1], one, 0, Purpose::verdict_gates).hits.item<int64_t>(), 0) << norm_name(norm);
    }
  }
}

TEST_P(OnLinearModels, CountsZeroAndBrokenGradients) {
  LinearModel flat(at::zeros({3, 4, 4}, at::TensorOptions(at::kDouble)), 1);
  LinearModel broken(at::full({3, 4, 4}, std::nan(""), at::TensorOptions(at::kDouble)), 1);
  if (const std::string reason = refusal(flat.card()); !reason.empty()) GTEST_SKIP() << reason;
  const Batch images{drawn_uniformly({2, 3, 4, 4}, 2), at::full({2}, 1, at::TensorOptions(at::kLong)),
                     at::arange(2, at::TensorOptions(at::kLong))};
  Victim on_flat(flat, 0), on_broken(broken, 0);
  const std::vector<double> epsilons{0.1};
  attack()->propose(on_flat, images, Norm::linf, epsilons);
  const auto proposal = attack()->propose(on_broken, images, Norm::linf, epsilons);
  if (!attack()->sees_gradients()) GTEST_SKIP() << "takes no gradients";
  EXPECT_EQ(on_flat.audit().zero_gradients, on_flat.audit().backward);
  EXPECT_EQ(on_broken.audit().bad_gradients, on_broken.audit().backward);
  EXPECT_GE(on_flat.audit().backward, 2);
  EXPECT_EQ(admit(images.images, proposal[0], Norm::linf, 0.1).over_budget, 0);
}

INSTANTIATE_TEST_SUITE_P(Attacks, OnLinearModels, ::testing::ValuesIn(attack_names()), test_name);

}  // namespace
}  // namespace aigis
