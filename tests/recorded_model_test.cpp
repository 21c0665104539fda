// Recorded passes against the passes themselves. On a CPU a recording runs its functions again, so all but CUDA's part
// of it is seen here.
#include "lib/eval/recorded_model.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <array>
#include <cctype>

#include "lib/core/error.h"
#include "tests/attacks.h"
#include "tests/networks.h"

namespace aigis {
namespace {

constexpr std::array kGradients{GateGradient::straight_through, GateGradient::relaxed, GateGradient::fixed_graph,
                                GateGradient::expectation};

/// The same network twice, bare and recorded.
struct Pair {
  explicit Pair(const std::string& spec, at::Device device = at::kCPU) : bare(frozen(spec, device)) {
    recorded = std::make_unique<RecordedModel>(frozen(spec, device));
  }
  static std::shared_ptr<Network> frozen(const std::string& spec, at::Device device) {
    std::shared_ptr<Network> network =
        spec.starts_with("aig") ? build_frozen(spec, {0.3, 0.6, 0.8}) : build_frozen(spec);
    network->move_to(device, at::kDouble);
    return network;
  }
  std::shared_ptr<Network> bare;
  std::unique_ptr<RecordedModel> recorded;
};

/// What a pass gives, and the gradient of all outputs that have one, or of logits alone.
struct Seen {
  at::Tensor logits, open, gate_logits, probability, gradient;
};

Seen seen(Model& model, const at::Tensor& images, const Pass& pass, bool of_gates) {
  const at::Tensor leaf = images.clone().set_requires_grad(true);
  const auto [logits, gates] = model.forward(leaf, pass);
  at::Tensor loss = (logits * logits).sum();
  if (of_gates && gates.any()) {
    loss = loss + (gates.logits * 0.3).sum() + gates.probability.sum();
    if (gates.open.requires_grad()) loss = loss + (gates.open * 0.7).sum();
  }
  loss.backward();
  return {logits, gates.open, gates.logits, gates.probability, leaf.grad()};
}

bool same(const at::Tensor& one, const at::Tensor& other, double tolerance) {
  if (!one.defined() || !other.defined()) return one.defined() == other.defined();
  return one.requires_grad() == other.requires_grad() &&
         at::allclose(one.detach(), other.detach(), tolerance, tolerance);
}

void expect_same(const Seen& one, const Seen& other, double tolerance) {
  EXPECT_TRUE(same(one.logits, other.logits, tolerance));
  EXPECT_TRUE(same(one.open, other.open, tolerance));
  EXPECT_TRUE(same(one.gate_logits, other.gate_logits, tolerance));
  EXPECT_TRUE(same(one.probability, other.probability, tolerance));
  EXPECT_TRUE(same(one.gradient, other.gradient, tolerance));
  EXPECT_GT(one.gradient.abs().sum().item<double>(), 0);
}

/// Batches of several sizes in turns, each time other images and other noise; some along a given graph.
void compare(const std::string& spec, at::Device device, double tolerance) {
  const Pair pair(spec, device);
  for (const GateGradient gradient : kGradients) {
    for (uint64_t round = 0; round < 3; ++round) {
      for (const int64_t count : {6, 2, 1}) {
        SCOPED_TRACE(fmt::format("{} {} {} {}", spec, static_cast<int>(gradient), round, count));
        const at::Tensor images = random_images(count, 1 + round).to(device);
        Pass pass = pass_of(count, 10 + round);
        pass.gate_gradient = gradient;
        pass.temperature = gradient == GateGradient::relaxed ? 0.5 : 1;
        for (const bool of_gates : {false, true}) {
          expect_same(seen(*pair.bare, images, pass, of_gates), seen(*pair.recorded, images, pass, of_gates),
                      tolerance);
        }
        const at::NoGradGuard no_grad;
        const Output output = pair.recorded->forward(images, pass), expected = pair.bare->forward(images, pass);
        EXPECT_TRUE(same(output.logits, expected.logits, tolerance));
        EXPECT_TRUE(same(output.gates.open, expected.gates.open, tolerance));
        const auto layers = static_cast<int64_t>(pair.bare->card().gated.size());
        if (layers == 0) continue;
        pass.graph = at::ones({count, layers}, images.options());
        pass.graph.select(1, static_cast<int64_t>(round) % layers).zero_();
        EXPECT_TRUE(
            same(pair.recorded->forward(images, pass).logits, pair.bare->forward(images, pass).logits, tolerance));
      }
    }
  }
  EXPECT_GT(pair.recorded->recordings(), 0);
  EXPECT_GT(pair.recorded->replays(), pair.recorded->recordings());
}

class Recorded : public ::testing::TestWithParam<std::string> {};

TEST_P(Recorded, AnswersAsTheModel) { compare(GetParam(), at::kCPU, 1e-12); }

TEST_P(Recorded, AnswersAsTheModelOnCuda) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
  if (!has_recordings(at::kCUDA)) GTEST_SKIP() << "built without a CUDA compiler";
  compare(GetParam(), at::Device(at::kCUDA, 0), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Networks, Recorded,
                         ::testing::Values("resnet-8", "preresnet-8", "stochastic-depth-8", "dense-aig-7",
                                           "aig-8:gates=argmax", "aig-8:gates=sampled", "aig-8:gates=marginal",
                                           "aig-8:gates=scaled", "aig-8:gates=budget,layers=2"),
                         [](const auto& p) {
                           std::string name = p.param;
                           for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

/// The first pass of a kind is run as it is, the second is recorded, the third replayed.
TEST(Recordings, AreMadeWhenAKindOfPassComesBack) {
  const Pair pair("resnet-8");
  const at::NoGradGuard no_grad;
  for (const int64_t made : {0, 1, 1}) {
    pair.recorded->forward(random_images(3), pass_of(3));
    EXPECT_EQ(pair.recorded->recordings(), made);
  }
  EXPECT_EQ(pair.recorded->replays(), 2);
  EXPECT_EQ(pair.recorded->forward(random_images(0), pass_of(0)).logits.size(0), 0);
}

TEST(Recordings, AreBounded) {
  const Pair pair("resnet-8");
  const at::NoGradGuard no_grad;
  const at::Tensor images = random_images(1);
  for (int kind = 0; kind < 70; ++kind) {
    Pass pass = pass_of(1);
    pass.temperature = 1 + kind;
    const at::Tensor expected = pair.bare->forward(images, pass).logits;
    for (int time = 0; time < 2; ++time) EXPECT_TRUE(at::equal(pair.recorded->forward(images, pass).logits, expected));
  }
  EXPECT_EQ(pair.recorded->recordings(), 64);
}

class Turns : public ::testing::Test {
 protected:
  at::Tensor pass(int64_t count) {
    leaf = random_images(count).set_requires_grad(true);
    return pair_.recorded->forward(leaf, pass_of(count)).logits;
  }
  at::Tensor gradient_of_first_class() {
    const at::Tensor own = leaf.detach().clone().set_requires_grad(true);
    pair_.bare->forward(own, pass_of(own.size(0))).logits.select(1, 0).sum().backward();
    return own.grad();
  }
  at::Tensor leaf;
  const Pair pair_{"aig-8"};
};

TEST_F(Turns, AGradientAfterTheNextPassIsRefused) {
  for (const int64_t next : {3, 2}) {
    for (int i = 0; i < 2; ++i) {
      pass(3);
      pass(2);
    }
    const at::Tensor stale = pass(3), logits = pass(next);
    EXPECT_THROW(stale.sum().backward(), RunError) << next;
    EXPECT_NO_THROW(logits.sum().backward()) << next;
  }
}

TEST_F(Turns, APassWithoutAGradientMayComeBetween) {
  for (int i = 0; i < 3; ++i) {
    const at::Tensor logits = pass(3);
    {
      const at::NoGradGuard no_grad;
      pair_.recorded->forward(random_images(3, 8), pass_of(3, 8));
    }
    logits.select(1, 0).sum().backward();
    EXPECT_TRUE(at::allclose(leaf.grad(), gradient_of_first_class(), 1e-12, 1e-12)) << i;
  }
}

TEST_F(Turns, SeveralGradientsOfOnePass) {
  for (int i = 0; i < 3; ++i) {
    const at::Tensor logits = pass(3);
    logits.select(1, 1).sum().backward({}, /*retain_graph=*/true);
    leaf.mutable_grad() = at::Tensor();
    logits.select(1, 0).sum().backward();
    EXPECT_TRUE(at::allclose(leaf.grad(), gradient_of_first_class(), 1e-12, 1e-12)) << i;
  }
}

TEST(Recordings, LeaveAttacksAsTheyAre) {
  for (const std::string spec : {"resnet-8", "aig-8:gates=sampled"}) {
    const Pair pair(spec);
    const Batch batch = labelled(*pair.bare, random_images(8));
    for (const char* text : {"pgd:steps=6", "gate-sloth:steps=4", "deepfool:steps=3", "apgd-ce:steps=6"}) {
      if (spec == "resnet-8" && std::string(text).starts_with("gate")) continue;
      SCOPED_TRACE(spec + " " + text);
      const auto attack = make_attack(text);
      const Norm norm = std::string(text).starts_with("deepfool") ? Norm::l2 : Norm::linf;
      Victim bare(*pair.bare, 5, Judge::this_model), recorded(*pair.recorded, 5, Judge::this_model);
      const at::Tensor expected = attack->propose(bare, batch, norm, {0.05}).front();
      EXPECT_TRUE(at::allclose(attack->propose(recorded, batch, norm, {0.05}).front(), expected, 1e-10, 1e-10));
      EXPECT_EQ(bare.audit(), recorded.audit());
    }
    EXPECT_GT(pair.recorded->replays(), 0);
  }
}

}  // namespace
}  // namespace aigis
