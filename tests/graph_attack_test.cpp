// Attacks that go by whole graphs: gradients of expectations, and graphs that change the answer, against enumeration.
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "attacks/parts/graph_search.h"
#include "attacks/parts/step_gradient.h"
#include "models/checkpoint.h"
#include "tests/attacks.h"
#include "tests/three_gates.h"

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

/// Class 1 needs a shut and b open or shut by how bright the channels are: the found graph is reached by the margins.
TEST(GateFlip, DrivesTheImageToTheGraph) {
  ThreeGates model(false);
  at::Tensor images = at::full({2, 3, 2, 2}, 0.45, at::TensorOptions(at::kDouble));  // all shut: class 0
  const Batch batch = batch_of(images, 0);
  Victim victim(model, 0);
  const auto attack = make_attack("gate-flip");
  const at::Tensor x = attack->propose(victim, batch, Norm::linf, {0.06})[0];
  const Output output = model.forward(x, {});
  EXPECT_EQ(output.logits.argmax(1).sum().item<int64_t>(), 2);
  EXPECT_EQ(output.gates.open.sum().item<double>(), 2) << "one gate of each image";
  const AttackAudit audit = victim.audit();
  ASSERT_EQ(audit.stages.size(), 1u);
  EXPECT_EQ(audit.stages[0], (Stage{"1 gate", 2, 2}));
}

/// Driven from its wrong answer it might come to the right one.
TEST(GateFlip, LeavesWhatIsWrongAlready) {
  ThreeGates model(false);
  const Batch batch = batch_of(at::full({2, 3, 2, 2}, 0.45, at::TensorOptions(at::kDouble)), 1);  // the answer is 0
  Victim victim(model, 0);
  EXPECT_TRUE(at::equal(make_attack("gate-flip")->propose(victim, batch, Norm::linf, {0.06})[0], batch.images));
  EXPECT_TRUE(victim.audit().stages.empty()) << "no gate had to flip";
}

/// A gate that no gradient passes decides the answer: of the ways to take gradients only some find that out.
TEST(GateAware, TakesTheBestOfAllPaths) {
  ThreeGates model(false);
  const Batch batch = batch_of(at::full({2, 3, 2, 2}, 0.45, at::TensorOptions(at::kDouble)), 0);
  const auto changed = [&](const std::string& attack) {
    Victim victim(model, 0);
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {0.06})[0];
    return model.forward(x, {}).logits.argmax(1).sum().item<int64_t>();
  };
  EXPECT_EQ(changed("pgd:gates=fixed-graph,start=clean"), 0);
  EXPECT_EQ(changed("gate-aware-pgd"), 2);
  EXPECT_EQ(changed("gate-aware-apgd:steps=20"), 2);
}

}  // namespace
}  // namespace aigis
