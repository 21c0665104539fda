// Laws that every attack of the list must obey.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "attacks/list.h"
#include "lib/core/error.h"
#include "lib/eval/verdict.h"
#include "models/list.h"
#include "tests/allocations.h"
#include "tests/attacks.h"
#include "tests/models_under_test.h"
#include "tests/networks.h"

namespace aigis {
namespace {

/// A small budget.
double unit(Norm norm) {
  switch (norm) {
    case Norm::linf: return 1.0 / 255;
    case Norm::l2: return 0.1;
    case Norm::l1: return 2;
    case Norm::l0: return 2;  // values
  }
  return 0;
}

at::Tensor random_tensor(at::IntArrayRef shape, uint64_t seed, at::ScalarType type = at::kDouble) {
  auto generator = at::detail::createCPUGenerator(seed);
  return at::rand(shape, generator, at::TensorOptions(type));
}

/// A model that somebody else runs, and that takes nothing but images.
class TakesImagesOnly : public Model {
 public:
  explicit TakesImagesOnly(Model& model) : model_(model) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    EXPECT_GE(images.min().item<double>(), 0);
    EXPECT_LE(images.max().item<double>(), 1);
    return model_.forward(images, pass);
  }
  const ModelCard& card() const override { return model_.card(); }
  bool is_training() const override { return model_.is_training(); }

 private:
  Model& model_;
};

class Laws : public ::testing::TestWithParam<std::string> {
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
  bool turns(Norm norm) const;

  /// Three of whatever it does many times: the laws hold for any number.
  std::shared_ptr<Attack> attack() const { return make_attack(shortened(GetParam(), 3)); }

  /// A small gated network in float64, frozen, with gates that sample.
  std::shared_ptr<Network> network() const {
    std::shared_ptr<Network> net = make_network(Spec::parse("aig-8"), {"", 0, 10, {3, 32, 32}, 3});
    net->move_to(at::kCPU, at::kDouble);
    net->freeze();
    return net;
  }
  Batch batch(int64_t count) const {
    return {random_tensor({count, 3, 32, 32}, 1), at::arange(count, at::TensorOptions(at::kLong)).remainder(10),
            at::arange(count, at::TensorOptions(at::kLong)) + 40};
  }
  std::vector<at::Tensor> run(Model& model, const Batch& images, const std::vector<double>& epsilons,
                              Norm norm = Norm::linf) const {
    Victim victim(model, 5);
    return ready(victim, images, epsilons, norm)->propose(victim, images, norm, epsilons);
  }
  /// Having learnt what it needs from other images.
  std::shared_ptr<const Attack> ready(Victim& victim, const Batch& like, const std::vector<double>& epsilons,
                                      Norm norm = Norm::linf) const {
    const at::TensorOptions numbers(at::kLong);
    const Batch training{random_tensor({6, 3, 32, 32}, 11).to(like.images.options()),
                         at::arange(6, numbers).to(like.labels.device()), at::arange(6, numbers) + 500};
    return taught(attack(), victim, training, norm, epsilons);
  }
};

/// Attacks that need not come within 1 % of a linear model's optimum, and why.
bool Laws::turns(Norm norm) const {
  const std::string name = GetParam();
  if (name == "ti-fgsm") return false;               // follows a smoothed gradient
  if (name == "di-fgsm") return false;               // follows the gradient of moved images
  if (name == "r-fgsm") return false;                // spends half of its budget at random
  if (name == "pi-fgsm") return norm == Norm::linf;  // its surplus goes to neighbours
  if (name == "ffgsm") return false;                 // one step does not undo a random start
  return true;
}

TEST_P(Laws, StaysInBoxAndBudget) {
  const Batch images = batch(2);
  const auto net = network();
  for (const Norm norm : attack()->norms()) {
    const std::vector<double> epsilons{0, unit(norm), 8 * unit(norm), 100 * unit(norm)};
    const auto proposals = run(*net, images, epsilons, norm);
    ASSERT_EQ(proposals.size(), epsilons.size());
    for (size_t e = 0; e < epsilons.size(); ++e) {
      const Admitted admitted = admit(images.images, proposals[e], norm, epsilons[e]);
      EXPECT_EQ(admitted.over_budget + admitted.out_of_box + admitted.not_finite, 0)
          << norm_name(norm) << " worst " << admitted.worst_overshoot;
    }
  }
}

TEST_P(Laws, LeavesInputAndWeightsAlone) {
  const Batch images = batch(3);
  const at::Tensor before = images.images.clone();
  const auto net = network();
  std::vector<at::Tensor> weights;
  for (const auto& [name, tensor] : net->named_weights()) weights.push_back(tensor.clone());
  run(*net, images, {8.0 / 255});
  EXPECT_TRUE(at::equal(images.images, before));
  EXPECT_FALSE(images.images.requires_grad());
  size_t i = 0;
  for (const auto& [name, tensor] : net->named_weights()) {
    EXPECT_TRUE(at::equal(tensor, weights[i++])) << name;
    EXPECT_FALSE(tensor.grad().defined()) << name;
  }
  EXPECT_FALSE(net->is_training());
}

TEST_P(Laws, RepeatsBySeed) {
  const Batch images = batch(2);
  const auto net = network();
  for (const Norm norm : attack()->norms()) {
    const auto made = [&] { return run(*net, images, {8 * unit(norm)}, norm)[0]; };
    EXPECT_TRUE(at::equal(made(), made())) << norm_name(norm);
  }
}

TEST_P(Laws, PreparedItProposesTheSame) {
  const Batch images = batch(3);
  const auto net = network();
  Victim victim(*net, 5);
  const auto knowing = ready(victim, images, {0.03})->prepared_for(victim, images);
  if (!knowing) return;  // most have nothing to find out beforehand
  EXPECT_TRUE(at::equal(knowing->propose(victim, images, Norm::linf, {0.03})[0], run(*net, images, {0.03})[0]));
}

TEST_P(Laws, SameAloneAsInABatch) {
  const Batch images = batch(3);
  const auto net = network();
  for (const Norm norm : attack()->norms()) {
    const at::Tensor together = run(*net, images, {8 * unit(norm)}, norm)[0];
    std::vector<at::Tensor> alone;
    for (int64_t i = 0; i < 3; ++i) {
      alone.push_back(run(*net, images.part(i, 1), {8 * unit(norm)}, norm)[0]);
    }
    // The last bits of sums over an image may depend on the batch. And SPSA divides differences of answers by their
    // distance.
    const double tolerance = norm == Norm::linf && GetParam() != "spsa" ? 0 : 1e-9;
    EXPECT_TRUE(at::allclose(together, at::cat(alone), 0, tolerance)) << norm_name(norm);
  }
}

TEST_P(Laws, SaysWhetherItHasATarget) {
  const auto net = network();
  Victim victim(*net, 5);
  EXPECT_EQ(attack()->is_targeted(), attack()->targets(victim, batch(2)).defined());
  for (const auto& option : find_entry(attack_list(), "attack", GetParam()).options()) {
    if (option["name"] != "target") continue;
    const auto aimed = make_attack(GetParam() + ":target=3");
    EXPECT_TRUE(aimed->is_targeted());
    EXPECT_TRUE(aimed->targets(victim, batch(2)).defined());
  }
}

TEST_P(Laws, TakesAnEmptyBatch) {
  const auto net = network();
  EXPECT_EQ(run(*net, batch(0), {0.03})[0].sizes(), (at::IntArrayRef{0, 3, 32, 32}));
}

TEST_P(Laws, EndsWhereAllImagesAreBrokenAlready) {
  Batch images = batch(3);
  const auto net = network();
  net->set_gate_mode("argmax");
  images.labels = (net->forward(images.images, {{}, images.ids}).logits.argmax(1) + 1).remainder(10);
  Victim victim(*net, 5, Judge::this_model);
  const at::Tensor x = ready(victim, images, {0.001})->propose(victim, images, Norm::linf, {0.001})[0];
  EXPECT_EQ(x.sizes(), images.images.sizes());
  EXPECT_LE((x - images.images).abs().max().item<double>(), 0.001 + 1e-12);
  if (attack()->heeds_judge()) {
    EXPECT_LE(victim.audit().backward, 3) << "one gradient an image shows that it is broken";
    EXPECT_LE(victim.audit().forward, 4 * 3);
  }
}

TEST_P(Laws, RefusesAModelInTrainingMode) {
  const auto net = network();
  net->set_training(true);
  EXPECT_THROW(run(*net, batch(2), {0.03}), RunError);
}

TEST_P(Laws, ABlackBoxIsAskedForImagesOnly) {
  if (attack()->sees_gradients()) GTEST_SKIP() << "takes gradients";
  const auto net = network();
  TakesImagesOnly model(*net);
  for (const Norm norm : attack()->norms()) run(model, batch(3), {0.3}, norm);
}

// On a linear model the optimum is known: x turns at |w.x + b| over the dual norm of w, and not before. This is what
// the verdict makes of an attack's images; how near they are by themselves see tests/nearest_attacks_test.cpp.
TEST_P(Laws, ReachesTheOptimumOfALinearModel) {
  if (!attack()->sees_gradients()) GTEST_SKIP() << "takes no gradients";
  const at::Tensor weight = random_tensor({3, 4, 4}, 7) - 0.5;
  const at::Tensor image = random_tensor({1, 3, 4, 4}, 8) * 0.2 + 0.4;
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
    if (turns(norm)) {
      EXPECT_EQ(judge(model, proposals[1], one, 0, Purpose::verdict_gates).hits.item<int64_t>(), 0) << norm_name(norm);
    }
  }
}

TEST_P(Laws, CountsZeroAndBrokenGradients) {
  LinearModel flat(at::zeros({3, 4, 4}, at::TensorOptions(at::kDouble)), 1);
  LinearModel broken(at::full({3, 4, 4}, std::nan(""), at::TensorOptions(at::kDouble)), 1);
  if (const std::string reason = refusal(flat.card()); !reason.empty()) GTEST_SKIP() << reason;
  const Batch images{random_tensor({2, 3, 4, 4}, 2), at::full({2}, 1, at::TensorOptions(at::kLong)),
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

// The network's own activations are nearly all of an attack's memory, whatever the number of its steps or budgets.
TEST_P(Laws, NeedsLittleMoreMemoryThanItsGradient) {
  const OneThread one_thread;
  const auto net = build("aig-20:gates=argmax");
  net->freeze();
  Batch images = batch(8);
  images.images = images.images.to(at::kFloat);
  const Loss loss = [](const Output& output) { return output.logits.select(1, 0); };
  Victim victim(*net, 5);
  const int64_t floor = peak_bytes([&] { victim.gradient(images.images, images.ids, loss, {}, {}); });
  EXPECT_GT(floor, 8 * 19 * 4 * 8 * 8 * 64) << "less than a feature map for each layer";
  const std::vector<double> budgets{2.0 / 255, 8.0 / 255};
  const auto learnt = ready(victim, images, budgets);
  const int64_t peak = peak_bytes([&] { learnt->propose(victim, images, Norm::linf, budgets); });
  EXPECT_LE(static_cast<double>(peak), 1.2 * static_cast<double>(floor)) << "bytes: " << peak << " and " << floor;
}

TEST_P(Laws, CudaAgreesWithTheCpu) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no usable GPU";
  const Batch images = batch(4);
  const auto net = network();
  const at::Tensor cpu = run(*net, images, {0.03})[0];
  net->move_to(at::kCUDA, at::kDouble);
  net->freeze();
  const Batch moved{images.images.to(at::kCUDA), images.labels.to(at::kCUDA), images.ids};
  EXPECT_TRUE(at::allclose(run(*net, moved, {0.03})[0].cpu(), cpu, 0, 1e-12));
}

std::vector<std::string> names() {
  std::vector<std::string> list;
  for (const auto& entry : attack_list()) list.push_back(entry.name);
  return list;
}

INSTANTIATE_TEST_SUITE_P(Attacks, Laws, ::testing::ValuesIn(names()), [](const auto& p) {
  std::string name = p.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace aigis
