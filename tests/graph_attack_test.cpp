// Attacks that go by whole graphs: gradients of expectations, and graphs that change the answer, against enumeration.
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <bit>

#include "attacks/parts/graph_search.h"
#include "attacks/parts/objective.h"
#include "models/checkpoint.h"
#include "tests/attacks.h"
#include "tests/three_gates.h"
#include "tests/toy_model.h"

namespace aigis {
namespace {

/// The state with bit l of `mask` for gate l.
at::Tensor graph_of(int64_t mask, int64_t layers) {
  at::Tensor graph = at::zeros({layers}, at::TensorOptions(at::kDouble));
  for (int64_t l = 0; l < layers; ++l) graph[l] = static_cast<double>(mask >> l & 1);
  return graph;
}

/// d/dx of sum over all graphs of P(graph | x) loss(graph, x), by enumeration, against the mean over many draws.
TEST(ExpectationGradient, IsThatOfTheEnumeratedExpectation) {
  ThreeGates model(true);
  const at::Tensor image = random_images(1, 5, 2);
  const at::Tensor leaf = image.clone().set_requires_grad(true);
  const at::Tensor p = ThreeGates::gate_logits(leaf).sigmoid();
  Goal goal;
  goal.labels = at::zeros({1}, at::TensorOptions(at::kLong));
  at::Tensor expected = at::zeros({1}, at::TensorOptions(at::kDouble));
  for (int64_t mask = 0; mask < 8; ++mask) {
    const at::Tensor graph = graph_of(mask, 3).unsqueeze(0);
    const at::Tensor probability = at::where(graph.gt(0), p, 1 - p).prod(1);
    expected = expected + probability * loss_value(LossKind::cross_entropy, ThreeGates::answer(graph, leaf), goal);
  }
  expected.sum().backward();

  constexpr int64_t kDraws = 40'000;
  const auto mean_gradient = [&](GateGradient path) {
    ObjectiveOptions options;
    options.path.gradient = path;
    Victim victim(model, 3);
    Goal all;
    all.labels = goal.labels.expand({kDraws}).contiguous();
    const at::Tensor images = image.expand({kDraws, 3, 2, 2}).contiguous();
    return ascent_direction(victim, images, ids_of(kDraws), all, options, {}).images.mean(0, /*keepdim=*/true);
  };
  const double scale = leaf.grad().abs().max().item<double>();
  const auto error = [&](GateGradient path) {
    return (mean_gradient(path) - leaf.grad()).abs().max().item<double>() / scale;
  };
  EXPECT_LE(error(GateGradient::expectation), 0.02);
  EXPECT_GE(error(GateGradient::straight_through), 0.05) << "biased: the check above would not notice";
  EXPECT_GE(error(GateGradient::fixed_graph), 0.2);
}

/// All 512 graphs of a trained network with nine gates, by brute force.
TEST(FewestFlips, IsTheTrueMinimum) {
  const std::string path = std::string(AIGIS_SOURCE_DIR) + "/models/cifar10-aig-20.safetensors:gates=argmax";
  const auto net = load_network(Spec::parse(path), at::kCPU).network;
  const auto layers = static_cast<int64_t>(net->card().gated.size());
  const at::Tensor images = random_images(6, 2).to(at::kFloat);
  const Output clean = net->forward(images, pass_of(6));
  Batch batch = batch_of(images, 0);
  batch.labels = clean.logits.argmax(1);
  std::vector<int64_t> fewest(6, -1);
  for (int64_t mask = 0; mask < int64_t{1} << layers; ++mask) {
    const auto flips = static_cast<int64_t>(std::popcount(static_cast<uint64_t>(mask)));
    const at::Tensor graph = (clean.gates.open - graph_of(mask, layers)).abs();
    const at::Tensor changed = net->forward(images, with_graph(6, graph)).logits.argmax(1).ne(batch.labels);
    for (size_t i = 0; i < 6; ++i) {
      const bool better = fewest[i] < 0 || flips < fewest[i];
      if (changed[static_cast<int64_t>(i)].item<bool>() && better) fewest[i] = flips;
    }
  }
  EXPECT_NE(std::count(fewest.begin(), fewest.end(), -1), 6) << "no graph changes any answer: nothing is tested";
  Victim victim(*net, 0);
  GraphSearch search;  // wide and deep enough by default
  const FlippedGraphs found = fewest_flips(victim, batch, search);
  const at::Tensor again = net->forward(images, with_graph(6, found.graph)).logits.argmax(1).ne(batch.labels);
  const at::Tensor differing = (found.graph - clean.gates.open).abs().sum(1);
  for (int64_t i = 0; i < 6; ++i) {
    EXPECT_EQ(found.flips[i].item<int64_t>(), fewest[static_cast<size_t>(i)]) << i;
    EXPECT_EQ(again[i].item<bool>(), fewest[static_cast<size_t>(i)] >= 0) << i;
    if (fewest[static_cast<size_t>(i)] >= 0) {
      EXPECT_EQ(differing[i].item<double>(), fewest[static_cast<size_t>(i)]);
    }
  }
  // A narrow beam looks at less and finds no smaller set.
  Victim other(*net, 0);
  const FlippedGraphs narrow = fewest_flips(other, batch, {layers, 2});
  EXPECT_LT(other.audit().forward, victim.audit().forward);
  for (int64_t i = 0; i < 6; ++i) {
    const int64_t flips = narrow.flips[i].item<int64_t>();
    EXPECT_TRUE(flips < 0 || flips >= fewest[static_cast<size_t>(i)]) << i;
  }
}

/// Four gates, open where their channels are bright. The answer is class 1 once the first three are open. The fourth
/// comes near to that while they are shut, and leads nowhere.
class ThreeKeys : public ToyModel {
 public:
  ThreeKeys() : ToyModel("three-keys", 2, {4, 2, 2}, {{"a", 1, 1}, {"b", 1, 1}, {"c", 1, 1}, {"d", 1, 1}}) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output;
    output.gates.logits = images.mean({2, 3}) - 0.5;
    output.gates.open = pass.graph.defined() ? pass.graph : decide_gate(output.gates.logits, {}, pass.gate_gradient);
    output.gates.probability = output.gates.logits.sigmoid();
    output.gates.cost = at::ones({4}, at::TensorOptions(at::kDouble));
    const at::Tensor keys = output.gates.open.slice(1, 0, 3), lure = output.gates.open.select(1, 3);
    const at::Tensor score = keys.prod(1) * 2 + (1 - keys).prod(1) * lure * 0.9 - 1;
    output.logits = at::stack({at::zeros_like(score), score}, 1);
    return output;
  }
};

TEST(FewestFlips, FindsGatesThatMustFlipTogether) {
  ThreeKeys model;
  at::Tensor images = at::full({4, 4, 2, 2}, 0.4, at::TensorOptions(at::kDouble));
  for (int64_t i = 1; i < 4; ++i) images[i].slice(0, 0, i).fill_(0.6);  // so many of the keys are open
  const Batch batch = batch_of(images, 0);
  Victim victim(model, 0);
  const FlippedGraphs found = fewest_flips(victim, batch, {});
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(found.flips[i].item<int64_t>(), 3 - i) << i;
  at::Tensor shut_keys = images.mean({2, 3}).lt(0.5).to(at::kDouble);
  shut_keys.select(1, 3).zero_();  // the lure
  EXPECT_TRUE(at::equal(found.flipped, shut_keys));
  EXPECT_EQ(model.forward(images, with_graph(4, found.graph)).logits.argmax(1).sum().item<int64_t>(), 4);
  const FlippedGraphs lured = fewest_flips(victim, batch, {4, 1});
  EXPECT_EQ(lured.flips[0].item<int64_t>(), 4) << "a beam of one follows the fourth gate";
}

/// Of random gates one wrong draw is no reason to leave an image alone: it is right in others, and flips start there.
TEST(FewestFlips, StartFromADrawThatIsRight) {
  constexpr int64_t kImages = 60, kDraws = 3;
  ThreeGates model(true, kDraws);
  const Batch batch = batch_of(at::full({kImages, 3, 2, 2}, 0.5, at::TensorOptions(at::kDouble)), 0);
  Victim other(model, 0);
  at::Tensor first, always = at::ones_like(batch.labels, at::TensorOptions(at::kBool));
  for (uint32_t draw = 0; draw < kDraws; ++draw) {
    const at::Tensor wrong = other.forward(batch.images, batch.ids, {0, draw, 0}).logits.argmax(1).ne(batch.labels);
    if (draw == 0) first = wrong;
    always = always.logical_and(wrong);
  }
  ASSERT_GT(always.sum().item<int64_t>(), 0);
  ASSERT_GT(first.sum().item<int64_t>(), always.sum().item<int64_t>()) << "no first draw misleads: nothing is tested";
  Victim victim(model, 0);
  const FlippedGraphs found = fewest_flips(victim, batch, {});
  EXPECT_TRUE(at::equal(found.flips.eq(0), always));
  EXPECT_EQ(found.flips.lt(0).sum().item<int64_t>(), 0);
  EXPECT_EQ(ThreeGates::answer(found.graph, batch.images).argmax(1).sum().item<int64_t>(), kImages);
  EXPECT_EQ(victim.audit().aside, victim.audit().forward) << "no pass of the search belongs to a step";
  const at::Tensor x = make_attack("gate-flip")->propose(victim, batch, Norm::linf, {0.06})[0];
  EXPECT_TRUE(at::equal((x - batch.images).flatten(1).abs().amax(1).eq(0), always));
}

}  // namespace
}  // namespace aigis
