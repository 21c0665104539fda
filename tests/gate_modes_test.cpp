// How gates decide: each mode by what it promises.
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lib/ops/gumbel.h"
#include "models/parts/gating_options.h"
#include "tests/networks.h"

namespace aigis {
namespace {

class Modes : public ::testing::TestWithParam<std::string> {};

/// 40 images: more than are worked on together.
TEST_P(Modes, AnotherRunsGatesGiveItsLogits) {
  const auto net = build_frozen(GetParam());
  const at::Tensor images = random_images(40);
  const Output output = net->forward(images, pass_of(40));
  EXPECT_GT(output.gates.open.std(0).min().item<double>(), 0) << "each gate should open for some images only";
  EXPECT_FALSE(at::equal(net->forward(images, pass_of(40, 99)).gates.open, output.gates.open));
  const Output again = net->forward(images, with_graph(40, output.gates.open));
  EXPECT_TRUE(at::equal(again.gates.open, output.gates.open));
  EXPECT_TRUE(at::allclose(again.logits, output.logits, 1e-12, 1e-12));
}

TEST_P(Modes, NoiseThatWasDrawnBeforeDecidesAlike) {
  const auto net = build_frozen(GetParam());
  const at::Tensor images = random_images(40);
  const at::Tensor expected = net->forward(images, pass_of(40)).gates.open;
  Pass pass = pass_of(40, 99);
  pass.drawn = gate_noise(pass_of(40).noise, pass.image_ids, expected.size(1));
  EXPECT_TRUE(at::equal(net->forward(images, pass).gates.open, expected));
}

TEST_P(Modes, FixedIsTheGraphForEveryImage) {
  const int64_t layers = static_cast<int64_t>(build(GetParam())->card().gated.size());
  std::string graph;
  for (int64_t l = 0; l < layers; ++l) graph += l % 3 == 1 ? '0' : '1';
  at::Tensor row = at::ones({layers}, at::TensorOptions(at::kDouble));
  for (int64_t l = 1; l < layers; l += 3) row[l] = 0;
  const at::Tensor images = random_images(5);
  const Output fixed =
      build_frozen(fmt::format("{}:gates=fixed,graph={}", GetParam(), graph))->forward(images, pass_of(5));
  EXPECT_TRUE(at::equal(fixed.gates.open, row.expand({5, layers})));
  const auto sampled = build_frozen(GetParam());
  EXPECT_TRUE(at::allclose(sampled->forward(images, with_graph(5, row)).logits, fixed.logits, 1e-12, 1e-12));
  EXPECT_TRUE(at::allclose(sampled->forward(images, with_graph(5, row.expand({5, layers}))).logits, fixed.logits, 1e-12,
                           1e-12));
}

TEST_P(Modes, ABudgetIsMetForEveryImage) {
  const size_t layers = build(GetParam())->card().gated.size();
  const at::Tensor images = random_images(12);
  std::vector<double> rates(layers, 0.6);
  rates.front() = 1;  // a layer that always ran on the training images, and one that never did
  rates.back() = 0;
  const auto always = build_frozen(GetParam() + ":gates=always")->forward(images, pass_of(12)).logits;
  for (size_t budget = 1; budget <= layers; ++budget) {
    const auto net = build_frozen(fmt::format("{}:gates=budget,layers={}", GetParam(), budget), rates);
    const Output output = net->forward(images, pass_of(12));
    EXPECT_TRUE(at::equal(output.gates.open.sum(1),
                          at::full({12}, static_cast<double>(budget), at::TensorOptions(at::kDouble))))
        << budget;
    EXPECT_FALSE(net->card().has_random_gates);
    if (budget == layers) {
      EXPECT_TRUE(at::allclose(output.logits, always, 1e-12, 1e-12));
    }
  }
}

TEST_P(Modes, GatesThatSeeTheImageFollowIt) {
  const size_t layers = build(GetParam())->card().gated.size();
  const std::string graph(layers, '1');
  for (const auto& [name, mode] : gate_modes()) {
    const std::string needed = mode == GateMode::fixed    ? ",graph=" + graph
                               : mode == GateMode::budget ? ",layers=1"
                                                          : "";
    const auto net =
        build_frozen(fmt::format("{}:gates={}{}", GetParam(), name, needed), std::vector<double>(layers, 0.6));
    const at::Tensor images = random_images(3).set_requires_grad(true);
    EXPECT_NE(net->card().has_blind_gates, net->forward(images, pass_of(3)).gates.open.requires_grad()) << name;
  }
}

TEST_P(Modes, ScaledByOneIsAlways) {
  const at::Tensor images = random_images(5);
  const std::vector<double> ones(build(GetParam())->card().gated.size(), 1.0);
  const auto scaled = build_frozen(GetParam() + ":gates=scaled", ones);
  const auto always = build_frozen(GetParam() + ":gates=always");
  const Output output = scaled->forward(images, pass_of(5));
  EXPECT_TRUE(at::allclose(output.logits, always->forward(images, pass_of(5)).logits, 1e-12, 1e-12));
  EXPECT_EQ(output.gates.open.min().item<double>(), 1);
}

TEST_P(Modes, TrainingSamplesWhateverTheMode) {
  const auto always = build(GetParam() + ":gates=always"), sampled = build(GetParam());
  disturb(*always);
  disturb(*sampled);
  const at::Tensor images = random_images(20);
  const at::Tensor open = always->forward(images, pass_of(20)).gates.open;
  EXPECT_TRUE(at::equal(open, sampled->forward(images, pass_of(20)).gates.open));
  EXPECT_LT(open.mean().item<double>(), 1);
}

INSTANTIATE_TEST_SUITE_P(Families, Modes, ::testing::Values("aig-14", "dense-aig-10"),
                         [](const auto& p) { return p.param.substr(0, p.param.find('-')); });

TEST(Marginal, OpensAtItsRatesWhateverTheImage) {
  constexpr int64_t kImages = 4000;
  const std::vector<double> rates{0.1, 0.5, 0.93};
  const auto net = build_frozen("dense-aig-7:growth=1,gates=marginal", rates);
  EXPECT_TRUE(net->card().has_random_gates);
  const at::Tensor one = random_images(1, 1), other = random_images(1, 2);
  const at::Tensor open = net->forward(one.expand({kImages, 3, 32, 32}), pass_of(kImages)).gates.open;
  for (int64_t l = 0; l < 3; ++l) {
    const double rate = rates[static_cast<size_t>(l)];
    // five standard errors: one false alarm in two million
    EXPECT_NEAR(open.select(1, l).mean().item<double>(), rate, 5 * std::sqrt(rate * (1 - rate) / kImages)) << l;
  }
  const at::Tensor some = net->forward(other.expand({100, 3, 32, 32}), pass_of(100)).gates.open;
  EXPECT_TRUE(at::equal(some, open.slice(0, 0, 100))) << "the image's number decides, not the image";
  Pass turned = pass_of(100);
  turned.image_ids = turned.image_ids.flip(0);
  EXPECT_TRUE(at::equal(net->forward(one.expand({100, 3, 32, 32}), turned).gates.open, some.flip(0)));
}

}  // namespace
}  // namespace aigis
