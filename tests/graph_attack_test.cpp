// Attacks that go by whole graphs, that learn from training images, or that see the cost alone.
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numbers>

#include "attacks/parts/band.h"
#include "attacks/parts/class_graph.h"
#include "attacks/parts/graph_search.h"
#include "lib/core/error.h"
#include "lib/eval/sweep.h"
#include "lib/ops/gumbel.h"
#include "models/checkpoint.h"
#include "tests/attacks.h"
#include "tests/networks.h"

namespace aigis {
namespace {

/// Three gates that each read one channel's mean; the logit of class 1 is a sum over gates and pairs of gates, times
/// the image's brightness. No gate depends on another, so the expectation over gates can be enumerated.
class ThreeGates : public Model {
 public:
  explicit ThreeGates(bool random) {
    card_.architecture = "three-gates";
    card_.classes = 2;
    card_.input = {3, 2, 2};
    card_.options = Json::object();
    card_.gate_mode = random ? "sampled" : "argmax";
    card_.has_random_gates = random;
    card_.gated = {{"a", 10, 1}, {"b", 20, 1}, {"c", 30, 1}};
  }
  static at::Tensor gate_logits(const at::Tensor& images) { return (images.mean({2, 3}) - 0.5) * 4; }
  static at::Tensor answer(const at::Tensor& open, const at::Tensor& images) {
    const at::Tensor a = open.select(1, 0), b = open.select(1, 1), c = open.select(1, 2);
    const at::Tensor score = (a * 1.5 - b * 2 + c * 0.5 + a * c * 2 - 0.4) * (1 + images.mean({1, 2, 3}));
    return at::stack({at::zeros_like(score), score}, 1);
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output;
    output.gates.logits = gate_logits(images);
    at::Tensor noise;
    if (card_.has_random_gates) noise = gate_noise(pass.noise, pass.image_ids, 3);
    output.gates.open = pass.graph.defined() ? pass.graph : decide_gate(output.gates.logits, noise, pass.gate_gradient);
    output.gates.probability = output.gates.logits.sigmoid();
    output.gates.cost = at::tensor({10.0, 20.0, 30.0}, at::kDouble);
    output.logits = answer(output.gates.open, images);
    return output;
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return false; }

 private:
  ModelCard card_;
};

Batch batch_of(const at::Tensor& images, int64_t label) {
  return {images, at::full({images.size(0)}, label, at::TensorOptions(at::kLong)), ids_of(images.size(0))};
}

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

TEST(ClassGraphs, AreMeansAndWeighByTheirVariance) {
  ThreeGates model(false);
  // Class 0: gate a open in one of two images; class 1: always. Gate b always open, gate c never.
  at::Tensor images = at::full({4, 3, 2, 2}, 0.6, at::TensorOptions(at::kDouble));
  images.select(1, 2).fill_(0.4);
  images[0].select(0, 0).fill_(0.4);
  Batch batch = batch_of(images, 0);
  batch.labels = at::tensor({0, 0, 1, 1}, at::kLong);
  Victim victim(model, 0);
  Gates gates;
  gates.logits = at::tensor({0.3, -2.0, 5.0}, at::kDouble).unsqueeze(0);
  const auto value = [&](int64_t klass) {
    return towards_class(victim, batch, klass)->value(gates, {}).item<double>();
  };
  // All weight is on gate a, the only one whose rate differs.
  EXPECT_NEAR(value(0), 0.5 * 0.3 - std::log1p(std::exp(0.3)), 1e-12);
  EXPECT_NEAR(value(1), 0.3 - std::log1p(std::exp(0.3)), 1e-12);
  batch.labels = at::zeros({4}, at::TensorOptions(at::kLong));
  EXPECT_THROW(towards_class(victim, batch, 1), InputError);
}

TEST(GateHijack, TakesOnTheGraphOfAClass) {
  ThreeGates model(false);
  at::Tensor bright = at::full({4, 3, 2, 2}, 0.6, at::TensorOptions(at::kDouble));
  bright.slice(0, 0, 2).select(1, 1).fill_(0.4);  // class 0 shuts gate b
  Batch training = batch_of(bright, 0);
  training.labels = at::tensor({0, 0, 1, 1}, at::kLong);
  const Batch batch = batch_of(bright.slice(0, 2, 4).clone() - 0.05, 1);
  Victim victim(model, 0);
  const auto attack = prepared(make_attack("gate-hijack:class=0"), victim, training, Norm::linf, {0.06});
  const at::Tensor x = attack->propose(victim, batch, Norm::linf, {0.06})[0];
  EXPECT_TRUE(at::allclose(model.forward(x, {}).gates.open, at::tensor({1.0, 0.0, 1.0}, at::kDouble).expand({2, 3})));
}

/// Gates open where a channel's mean is above 0.5: one perturbation serves all images that are no further below.
TEST(GateUniversal, OpensImagesThatItHasNotSeen) {
  ThreeGates model(false);
  const auto dark = [&](uint64_t seed) { return random_images(20, seed, 2) * 0.02 + 0.45; };
  const Batch training = batch_of(dark(1), 0), batch = batch_of(dark(2), 0);
  const std::vector<double> epsilons{0.025, 0.055};
  Victim victim(model, 0);
  for (const char* name : {"gate-universal", "gate-universal:per_class=true"}) {
    const auto attack = prepared(make_attack(name), victim, training, Norm::linf, epsilons);
    const auto proposals = attack->propose(victim, batch, Norm::linf, epsilons);
    EXPECT_EQ(model.forward(proposals[0], {}).gates.open.sum().item<double>(), 0) << name;
    EXPECT_EQ(model.forward(proposals[1], {}).gates.open.sum().item<double>(), 60) << name;
    const at::Tensor added = proposals[1] - batch.images;
    EXPECT_LE((added - added[0]).abs().max().item<double>(), 1e-12) << "the same for all";
  }
  // A class of which nothing was learnt gets nothing.
  const auto attack = prepared(make_attack("gate-universal:per_class=true"), victim, training, Norm::linf, {0.055});
  EXPECT_TRUE(at::equal(attack->propose(victim, batch_of(batch.images, 1), Norm::linf, {0.055})[0], batch.images));
  EXPECT_THROW(make_attack("gate-universal")->propose(victim, batch, Norm::linf, {0.1}), std::logic_error);
}

/// What a class's images lack is added to them, and to no others.
TEST(GateUniversal, EachClassHasItsOwn) {
  ThreeGates model(false);
  at::Tensor images = random_images(20, 1, 2) * 0.02 + 0.45;
  images.slice(0, 10).slice(1, 1, 3).fill_(0.9);  // of class 1 gates b and c are open for sure
  Batch training = batch_of(images, 0);
  training.labels = at::arange(20, at::TensorOptions(at::kLong)).ge(10).to(at::kLong);
  Victim victim(model, 0);
  const auto attack =
      prepared(make_attack("gate-universal:per_class=true,confidence=0.6"), victim, training, Norm::linf, {0.06});
  const at::Tensor added = attack->propose(victim, training, Norm::linf, {0.06})[0] - images;
  EXPECT_NEAR(added.slice(0, 0, 10).min().item<double>(), 0.06, 1e-9);
  EXPECT_NEAR(added.slice(0, 10).select(1, 0).min().item<double>(), 0.06, 1e-9);
  EXPECT_EQ(added.slice(0, 10).slice(1, 1, 3).abs().max().item<double>(), 0);
}

TEST(GateUniversal, ShutsGates) {
  ThreeGates model(false);
  const auto bright = [&](uint64_t seed) { return random_images(20, seed, 2) * 0.02 + 0.53; };
  Victim victim(model, 0);
  const auto attack =
      prepared(make_attack("gate-universal:aim=starve"), victim, batch_of(bright(1), 0), Norm::linf, {0.055});
  const at::Tensor x = attack->propose(victim, batch_of(bright(2), 0), Norm::linf, {0.055})[0];
  EXPECT_EQ(model.forward(x, {}).gates.open.sum().item<double>(), 0);
}

TEST(GateUniversal, TakesOnTheGraphOfAClass) {
  ThreeGates model(false);
  at::Tensor images = at::full({4, 3, 2, 2}, 0.55, at::TensorOptions(at::kDouble));
  images.slice(0, 0, 2).select(1, 1).fill_(0.45);  // class 0 shuts gate b
  Batch training = batch_of(images, 0);
  training.labels = at::tensor({0, 0, 1, 1}, at::kLong);
  Victim victim(model, 0);
  const auto attack = prepared(make_attack("gate-universal:aim=hijack,class=0"), victim, training, Norm::linf, {0.06});
  const at::Tensor x = attack->propose(victim, training, Norm::linf, {0.06})[0];
  EXPECT_TRUE(at::allclose(model.forward(x, {}).gates.open, at::tensor({1.0, 0.0, 1.0}, at::kDouble).expand({4, 3})));
}

/// Opening gate a alone changes the answer at little cost; an attack that does not heed the cost opens gate c, too.
TEST(GateUniversal, ChangesAnswersUnseen) {
  ThreeGates model(false);
  const at::Tensor images = random_images(20, 1, 2) * 0.01 + 0.47;
  const Batch batch = batch_of(images, 0);
  Victim victim(model, 0);
  for (const auto& [tolerance, share] : {std::pair{"0.2", 10.0 / 60}, {"1", 40.0 / 60}}) {
    const auto attack = prepared(make_attack(std::string("gate-universal:aim=reroute,tolerance=") + tolerance), victim,
                                 batch, Norm::linf, {0.08});
    const Output output = model.forward(attack->propose(victim, batch, Norm::linf, {0.08})[0], {});
    EXPECT_EQ(output.logits.argmax(1).sum().item<int64_t>(), 20) << tolerance;
    EXPECT_NEAR(executed_share(output.gates).mean().item<double>(), share, 1e-9) << tolerance;
  }
}

TEST(GateOracle, MovesTheCostThatIsAllItSees) {
  ThreeGates model(false);
  for (const auto& [attack, level, open] :
       {std::tuple{"gate-oracle", 0.47, 6.0}, {"gate-oracle:wants=shut", 0.53, 0.0}}) {
    const Batch batch = batch_of(at::full({2, 3, 8, 8}, level, at::TensorOptions(at::kDouble)), 0);
    Victim victim(model, 0);
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {0.1})[0];
    EXPECT_EQ(model.forward(x, {}).gates.open.sum().item<double>(), open) << attack;
    EXPECT_EQ(victim.audit().backward, 0);
    EXPECT_LT(victim.audit().forward, 2 * 1000) << "an image whose gates are all as wanted is done";
  }
}

/// One lucky reading of a gate that draws must not end the search: it comes three quarters of the way to the best
/// image, a grey that is brighter (darker) by the whole budget.
TEST(GateOracle, SeesThroughTheNoiseOfGates) {
  ThreeGates model(true);
  const Batch batch = batch_of(at::full({20, 3, 2, 2}, 0.5, at::TensorOptions(at::kDouble)), 0);
  const double epsilon = 0.4, farthest = 1 / (1 + std::exp(-4 * epsilon)) - 0.5;
  for (const auto& [attack, sign] :
       {std::pair{"gate-oracle:queries=300,draws=20", 1.0}, {"gate-oracle:queries=300,draws=20,wants=shut", -1.0}}) {
    Victim victim(model, 0);
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {epsilon})[0];
    const at::Tensor cost = at::tensor({10.0, 20.0, 30.0}, at::kDouble) / 60;
    const double share = ThreeGates::gate_logits(x).sigmoid().matmul(cost).mean().item<double>();
    EXPECT_GT(sign * (share - 0.5), 0.75 * farthest) << attack;
    EXPECT_EQ(victim.audit().forward, 20 * 20 * (1 + 2 * 300)) << "every reading is counted";
  }
}

TEST(GateBaselines, OpenGates) {
  ThreeGates model(false);
  const Batch batch = batch_of(at::full({2, 3, 2, 2}, 0.44, at::TensorOptions(at::kDouble)), 0);
  for (const char* attack : {"gradauto", "ilfo", "gate-lowfreq"}) {
    Victim victim(model, 0);
    const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {0.1})[0];
    EXPECT_EQ(model.forward(x, {}).gates.open.sum().item<double>(), 6) << attack;
  }
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

TEST(Bands, KeepLowFrequenciesOnly) {
  const int64_t side = 8;
  const auto wave = [&](int64_t frequency) {
    const at::Tensor place = at::arange(side, at::TensorOptions(at::kDouble)) + 0.5;
    return (place * (std::numbers::pi * static_cast<double>(frequency) / static_cast<double>(side)))
        .cos()
        .expand({2, 3, side, side});
  };
  for (int64_t frequency = 0; frequency < side; ++frequency) {
    const at::Tensor kept = low_pass(wave(frequency), {0.5});
    const at::Tensor expected = frequency < 4 ? wave(frequency) : at::zeros_like(wave(0));
    EXPECT_TRUE(at::allclose(kept, expected, 0, 1e-12)) << frequency;
    EXPECT_TRUE(at::allclose(low_pass(wave(frequency).transpose(2, 3), {0.5}), expected.transpose(2, 3), 0, 1e-12));
  }
  EXPECT_TRUE(at::allclose(low_pass(wave(0), {0}), wave(0), 0, 1e-12)) << "the mean always stays";
}

/// Away from the box's faces a banded perturbation has nothing outside of the band, in each norm, and stays in the
/// ball.
TEST(Bands, HoldPerturbations) {
  const auto net = build_frozen("aig-8:gates=argmax");
  const Batch batch = batch_of(random_images(2, 3) * 0.2 + 0.4, 0);
  for (const Norm norm : all_norms()) {
    const double epsilon = norm == Norm::linf ? 0.03 : norm == Norm::l2 ? 0.5 : 10;
    Victim victim(*net, 0);
    const at::Tensor x =
        make_attack("pgd:steps=5,start=clean,stop=false,band=0.25")->propose(victim, batch, norm, {epsilon})[0];
    const at::Tensor delta = x - batch.images;
    EXPECT_LE((delta - low_pass(delta, {0.25})).abs().max().item<double>(), 1e-12) << norm_name(norm);
    EXPECT_GT(sizes_of(delta, norm).min().item<double>(), 0.9 * epsilon) << norm_name(norm);
    EXPECT_EQ(admit(batch.images, x, norm, epsilon).over_budget, 0) << norm_name(norm);
  }
}

}  // namespace
}  // namespace aigis
