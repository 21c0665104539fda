// Laws of attacks on a model that judges them, too, and does not draw: images leave as soon as they are done, the batch
// shrinks in buckets (attacks/parts/shrinking.h), and steps are foreseen to break (attacks/parts/foresight.h).
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <map>

#include "lib/core/error.h"
#include "lib/eval/verdict.h"
#include "lib/ops/gumbel.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/networks.h"
#include "tests/toy_model.h"

namespace aigis {
namespace {

/// Two layers and three gates of sums alone, without products of matrices: an image's answer is the same to the bit
/// whatever images are beside it, so that only the attack could tell one batch from another.
class SumNet : public ToyModel {
 public:
  SumNet() : ToyModel("sums", 6, {3, 8, 8}, {{"a", 10, 1}, {"b", 20, 1}, {"c", 30, 1}}) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    const at::Tensor hidden = layer(images - 0.5, first_).tanh();
    Output output;
    output.gates.logits = layer(hidden, gates_);
    output.gates.open =
        pass.graph.defined() ? pass.graph : decide_gate(output.gates.logits, {}, pass.gate_gradient, pass.temperature);
    output.gates.probability = output.gates.logits.sigmoid();
    output.gates.cost = at::tensor({10.0, 20.0, 30.0}, at::kDouble);
    const at::Tensor branches = (hidden.unsqueeze(1) * branches_).tanh();
    output.logits = layer(hidden + (output.gates.open.unsqueeze(2) * branches).sum(1), last_);
    return output;
  }

 private:
  /// [N, outputs] of [N, ...] and [outputs, ...].
  static at::Tensor layer(const at::Tensor& x, const at::Tensor& weights) {
    return (x.unsqueeze(1) * weights).flatten(2).sum(2);
  }

  at::Tensor first_ = drawn({8, 3, 8, 8}, 1) * 0.1, gates_ = drawn({3, 8}, 2), branches_ = drawn({3, 8}, 3),
             last_ = drawn({6, 8}, 4);
};

constexpr int64_t kImages = 33;  // buckets of two

class Leaving : public ::testing::TestWithParam<std::string> {
 protected:
  /// Of which some are wrong without an attack.
  Batch batch() {
    Batch images = labelled(net_, random_images(kImages, 1, 8));
    images.labels = at::where(images.ids.remainder(8).eq(3), (images.labels + 1).remainder(6), images.labels);
    return images;
  }
  /// Within which PGD leaves about a third.
  static double budget(Norm norm) {
    switch (norm) {
      case Norm::linf: return 0.01;
      case Norm::l2: return 0.12;
      case Norm::l1: return 1.5;
      case Norm::l0: return 3;
    }
    return 0;
  }
  at::Tensor run(const Batch& images, Norm norm, double epsilon) {
    const auto attack = make_attack(shortened(GetParam(), 12));
    attack->check(net_.card());
    Victim victim(net_, 5, Judge::this_model);
    const at::Tensor six = at::arange(6, at::TensorOptions(at::kLong));
    const auto learnt = taught(attack, victim, {random_images(6, 11, 8), six, six + 500}, norm, {epsilon});
    return learnt->propose(victim, images, norm, {epsilon})[0];
  }
  Norm first_norm() const { return make_attack(GetParam())->norms().front(); }

  SumNet net_;
  OneThread one_thread_;
};

TEST_P(Leaving, StaysInBoxAndBudget) {
  const Batch images = batch();
  for (const Norm norm : make_attack(GetParam())->norms()) {
    for (const double times : {1, 4}) {
      const double epsilon = times * budget(norm);
      const Admitted admitted = admit(images.images, run(images, norm, epsilon), norm, epsilon);
      EXPECT_EQ(admitted.over_budget + admitted.out_of_box + admitted.not_finite, 0)
          << norm_name(norm) << " worst " << admitted.worst_overshoot;
    }
  }
}

TEST_P(Leaving, RepeatsBySeed) {
  const Norm norm = first_norm();
  EXPECT_TRUE(at::equal(run(batch(), norm, budget(norm)), run(batch(), norm, budget(norm))));
}

TEST_P(Leaving, SameInOtherBatches) {
  const Norm norm = first_norm();
  const Batch images = batch();
  const at::Tensor together = run(images, norm, budget(norm));
  std::vector<at::Tensor> apart;
  for (const auto& [begin, end] : {std::pair<int64_t, int64_t>{0, 1}, {1, 6}, {6, kImages}}) {
    apart.push_back(run(images.part(begin, end - begin), norm, budget(norm)));
  }
  EXPECT_TRUE(at::allclose(together, at::cat(apart), 0, 1e-9)) << (together - at::cat(apart)).abs().amax({1, 2, 3});
}

/// Attacks on a model whose loss is flat, and why they do not leave it.
const std::map<std::string, std::string> kGoesOnWhereFlat{
    {"ddn", "goes in a random direction where no gradient shows one"},
    {"di-fgsm", "sees images resized and padded anew at each step, whose gradients need not vanish"},
    {"vmi-fgsm", "draws neighbours anew at each step, whose gradients need not vanish"},
    {"vni-fgsm", "draws neighbours anew at each step, whose gradients need not vanish"},
};

/// That an attack takes at most so many gradients of an image that nothing moves, and makes of it what it would make
/// if it stayed.
void expect_to_leave_flat(const Attack& attack, int64_t most) {
  LinearModel flat(at::zeros({3, 4, 4}, at::TensorOptions(at::kDouble)), 1);
  try {
    attack.check(flat.card());
  } catch (const InputError& refused) {
    GTEST_SKIP() << refused.what();
  }
  const at::Tensor ids = at::arange(2, at::TensorOptions(at::kLong));
  const Batch images{drawn({2, 3, 4, 4}, 2).sigmoid(), at::full_like(ids, 1), ids};
  const auto made = [&](Judge judge, int64_t* gradients) {
    Victim victim(flat, 0, judge);
    const at::Tensor x = attack.propose(victim, images, attack.norms().front(), {0.1})[0];
    *gradients = victim.audit().backward;
    return x;
  };
  int64_t leaving = 0, staying = 0;
  const at::Tensor x = made(Judge::this_model, &leaving);
  EXPECT_TRUE(at::allclose(x, made(Judge::another, &staying), 0, 1e-12));
  EXPECT_LE(leaving, most * 2);
  EXPECT_LE(leaving, staying);
}

TEST_P(Leaving, ImagesThatNothingMovesLeave) {
  const auto exception = kGoesOnWhereFlat.find(GetParam());
  if (exception != kGoesOnWhereFlat.end()) GTEST_SKIP() << exception->second;
  expect_to_leave_flat(*make_attack(shortened(GetParam(), 12)), /*most=*/9);  // C&W tries as many weights
}

INSTANTIATE_TEST_SUITE_P(Attacks, Leaving, ::testing::ValuesIn(attack_names()), test_name);

class LeavingWithOptions : public ::testing::TestWithParam<std::string> {};

TEST_P(LeavingWithOptions, ImagesThatNothingMovesLeave) { expect_to_leave_flat(*make_attack(GetParam()), /*most=*/3); }

INSTANTIATE_TEST_SUITE_P(Attacks, LeavingWithOptions,
                         ::testing::Values("pgd:nesterov=true,momentum=1,keep=best", "pgd:keep=best", "pgd:scales=3",
                                           "pgd:samples=4", "bim:samples=4,momentum=1,keep=best",
                                           "fmn:targets=1,steps=12", "cw:targets=1,steps=12,searches=3"));

// Else the laws above would say little.
TEST(SumNet, LosesSomeImagesAndKeepsOthers) {
  SumNet net;
  const Batch images = labelled(net, random_images(kImages, 1, 8));
  Victim victim(net, 5, Judge::this_model);
  const at::Tensor x = make_attack("pgd:steps=12")->propose(victim, images, Norm::linf, {0.01})[0];
  const int64_t broken = net.forward(x, {}).logits.argmax(1).ne(images.labels).sum().item<int64_t>();
  EXPECT_GT(broken, 10);
  EXPECT_LT(broken, kImages - 5);
}

}  // namespace
}  // namespace aigis
