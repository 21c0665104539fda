// Laws that every attack of the list must obey: on what it proposes.
#include "tests/attack_laws.h"

#include <ATen/Context.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>

#include "lib/eval/verdict.h"

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
