// Steps of adversarial training against the same steps by hand, and what an adversary leaves as it was.
#include <ATen/autocast_mode.h>
#include <ATen/ops/equal.h>

#include "lib/train/mixup.h"
#include "tests/attacks.h"
#include "tests/linear_steps.h"
#include "tests/networks.h"

namespace aigis {
namespace {

/// The adversary takes one step to the border of its ball.
class AdversarialSteps : public Steps {
 protected:
  Trainer robust_trainer() {
    const auto one_step = make_attack("bim:steps=1,relative_step_size=1");
    return trainer(AdversarialTraining{{one_step, 0.03}, {one_step, 0.03}});
  }
  /// What it makes of images with these weights: it follows the cross-entropy of their own labels.
  at::Tensor attacked(const at::Tensor& images) const {
    const at::Tensor error = at::softmax(at::matmul(images.flatten(1), before_.t()) + bias_, 1) - targets();
    return (images + 0.03 * at::matmul(error, before_).sign().view(images.sizes())).clamp(0, 1);
  }
  /// A step by Zhang et al. 2019, equation 5, written out: cross-entropy of the images and beta KL(images || attacked),
  /// both of whose sides learn.
  void expect_trades(const at::Tensor& images, const at::Tensor& targets) {
    options_.trades = 3;
    Trainer both = robust_trainer();
    step(both);
    EXPECT_TRUE(at::allclose(network_.seen, attacked(images), 0, 1e-6));
    const at::Tensor w = before_.clone().set_requires_grad(true), b = bias_.clone().set_requires_grad(true);
    const auto probability = [&](const at::Tensor& x) { return at::softmax(at::matmul(x.flatten(1), w.t()) + b, 1); };
    const at::Tensor p = probability(images), q = probability(network_.seen);
    const at::Tensor loss = -(targets * p.log()).sum() / kImages + 3 * (p * (p / q).log()).sum() / kImages;
    loss.backward();
    EXPECT_TRUE(at::allclose(network_.weight(), before_ - kRate * w.grad(), 1e-4, 1e-6));
    EXPECT_TRUE(at::allclose(network_.bias(), bias_ - kRate * b.grad(), 1e-4, 1e-6));
  }
  const at::Tensor before_ = network_.weight(), bias_ = network_.bias();
};

TEST_F(AdversarialSteps, LearnFromAttackedImages) {
  Trainer robust = robust_trainer();
  step(robust);
  EXPECT_TRUE(at::allclose(network_.seen, attacked(clean()), 0, 1e-6));
  expect_step(before_, bias_, attacked(clean()), targets());
}

TEST_F(AdversarialSteps, TradesLearnsFromBoth) { expect_trades(clean(), targets()); }

TEST_F(AdversarialSteps, TradesLearnsMixedLabelsOfMixedImages) {
  options_.mixup = 0.7;
  const double share = mixup_share(0.7, {1, Purpose::mixing}, 30);
  ASSERT_GT(std::min(share, 1 - share), 0.01);
  const auto mixed = [&](const at::Tensor& x) { return x * share + x.flip(0) * (1 - share); };
  expect_trades(mixed(clean()), mixed(targets()));
}

TEST(Adversary, LeavesTheNetworkAsItWas) {
  const auto net = build("aig-8");
  net->move_to(at::kCPU, at::kDouble);
  net->set_training(true);
  std::vector<at::Tensor> before;
  for (const auto& list : {net->named_weights(), net->named_statistics()}) {
    for (const auto& [name, tensor] : list) before.push_back(tensor.detach().clone());
  }
  const Batch batch{random_images(3), at::arange(3, at::TensorOptions(at::kLong)), ids_of(3)};
  const at::Tensor images = Adversary(make_attack("pgd:steps=2"), 0.03).perturbed(*net, batch, 5);
  EXPECT_LE((images - batch.images).abs().max().item<double>(), 0.03 + 1e-12);
  EXPECT_GT((images - batch.images).abs().mean().item<double>(), 0.01);
  EXPECT_TRUE(net->is_training());
  size_t i = 0;
  for (const auto& list : {net->named_weights(), net->named_statistics()}) {
    for (const auto& [name, tensor] : list) EXPECT_TRUE(at::equal(tensor, before[i++])) << name;
  }
  for (const auto& [name, tensor] : net->named_weights()) {
    EXPECT_TRUE(tensor.requires_grad()) << name;
    EXPECT_FALSE(tensor.grad().defined()) << name;
  }
}

/// Notes whether an attack is answered in lower precision.
class Listening : public Linear {
 public:
  Output forward(const at::Tensor& images, const Pass& pass) override {
    if (!training_) attacked_in_bf16 = at::autocast::is_autocast_enabled(at::kCPU);
    return Linear::forward(images, pass);
  }
  bool attacked_in_bf16 = false;
};

TEST_F(Steps, AnAdversaryMeetsTheNetworkInThePrecisionOfItsTraining) {
  options_.precision = Precision::bfloat16;
  Listening network;
  const auto attack = make_attack("pgd:steps=1");
  Trainer robust(network, data_, data_, options_, at::kCPU, AdversarialTraining{{attack, 0.03}, {attack, 0.03}});
  step(robust);
  EXPECT_TRUE(network.attacked_in_bf16);
}

/// Those that note losses and iterates of several passes.
class RoundedAdversary : public ::testing::TestWithParam<const char*> {};

TEST_P(RoundedAdversary, KeepsItsAccountsInTheImagesType) {
  const auto net = build("aig-8");
  net->move_to(at::kCPU, at::kFloat);
  net->set_training(true);
  const at::Tensor clean = random_images(4).to(at::kFloat);
  const Batch batch{clean, at::arange(4, at::TensorOptions(at::kLong)), ids_of(4)};
  const at::Tensor images = Adversary(make_attack(GetParam()), 0.03).perturbed(*net, batch, 5, at::kBFloat16);
  EXPECT_EQ(images.scalar_type(), at::kFloat);
  EXPECT_LE((images - clean).abs().max().item<double>(), 0.03 + 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Attacks, RoundedAdversary,
                         ::testing::Values("pgd:steps=2,restarts=2", "apgd-ce:steps=4", "apgd-dlr:steps=4",
                                           "gate-sloth:steps=2"),
                         [](const auto& p) {
                           std::string name;
                           for (const char c : std::string(p.param)) {
                             name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace aigis
