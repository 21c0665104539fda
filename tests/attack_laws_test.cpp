// Laws that every attack of the list must obey.
#include <ATen/Context.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "lib/core/error.h"
#include "lib/eval/verdict.h"
#include "tests/allocations.h"
#include "tests/attacks.h"
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
    return {drawn_uniformly({count, 3, 32, 32}, 1), at::arange(count, at::TensorOptions(at::kLong)).remainder(10),
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
    const Batch training{drawn_uniformly({6, 3, 32, 32}, 11).to(like.images.options()),
                         at::arange(6, numbers).to(like.labels.device()), at::arange(6, numbers) + 500};
    return taught(attack(), victim, training, norm, epsilons);
  }
};

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

INSTANTIATE_TEST_SUITE_P(Attacks, Laws, ::testing::ValuesIn(attack_names()), test_name);

}  // namespace
}  // namespace aigis
