// When passes are recorded and forgotten, and in which order they may be taken.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>

#include "lib/core/error.h"
#include "lib/ops/gumbel.h"
#include "tests/attacks.h"
#include "tests/recorded_pair.h"

namespace aigis {
namespace {

TEST(Recordings, AreMadeAtTheEighthMeeting) {
  const Pair pair("resnet-8", at::kCPU, at::kDouble, {});
  const at::NoGradGuard no_grad;
  for (int meeting = 1; meeting <= 9; ++meeting) {
    pair.recorded->forward(random_images(1), pass_of(1));
    EXPECT_EQ(pair.recorded->recordings(), meeting < 8 ? 0 : 1) << meeting;
  }
  EXPECT_EQ(pair.recorded->replays(), 2);
  EXPECT_EQ(pair.recorded->forward(random_images(0), pass_of(0)).logits.size(0), 0);
}

/// How many recordings all paths through the gates take at two temperatures.
int64_t recordings_of(const std::string& spec, bool with_gradient, const at::Tensor& graph = {}) {
  const Pair pair(spec, at::kCPU, at::kDouble, {.meetings = 1});
  for (const GateGradient gradient : kGateGradients) {
    for (const double temperature : {1.0, 0.5}) {
      Pass pass = pass_of(2);
      pass.gate_gradient = gradient;
      pass.temperature = temperature;
      pass.graph = graph;
      pair.recorded->forward(random_images(2).set_requires_grad(with_gradient), pass);
    }
  }
  return pair.recorded->recordings();
}

TEST(Recordings, AreSharedByPassesThatRunTheSame) {
  EXPECT_EQ(recordings_of("resnet-8", true), 1);
  EXPECT_EQ(recordings_of("aig-8", false), 1);
  EXPECT_EQ(recordings_of("aig-8", true), 5) << "straight through and relaxed at each temperature, and along the graph";
  EXPECT_EQ(recordings_of("aig-8", true, random_images(1).flatten().slice(0, 0, 3).gt(0.4)), 1);
}

TEST(Recordings, DoNotHangOnWhoDrewTheNoise) {
  const at::NoGradGuard no_grad;
  for (const std::string spec : {"aig-8:gates=sampled", "aig-8:gates=argmax"}) {
    for (const bool first : {true, false}) {
      const Pair pair(spec, at::kCPU, at::kDouble, {.meetings = 1});
      for (const bool is_drawn : {first, !first}) {
        Pass pass = pass_of(3);
        if (is_drawn) pass.drawn = gate_noise(pass.noise, pass.image_ids, 3);
        EXPECT_TRUE(at::equal(pair.recorded->forward(random_images(3), pass).logits,
                              pair.bare->forward(random_images(3), pass_of(3)).logits))
            << spec << is_drawn;
      }
    }
  }
}

TEST(Recordings, TheLeastRecentlyUsedMakesRoom) {
  const Pair pair("resnet-8", at::kCPU, at::kDouble, {.meetings = 2, .most = 2});
  const at::NoGradGuard no_grad;
  /// Whether a batch of this size is replayed.
  const auto is_replayed = [&](int64_t count) {
    const int64_t before = pair.recorded->replays();
    const at::Tensor logits = pair.recorded->forward(random_images(count), pass_of(count)).logits;
    EXPECT_TRUE(at::equal(logits, pair.bare->forward(random_images(count), pass_of(count)).logits));
    return pair.recorded->replays() > before;
  };
  for (const int64_t count : {1, 2}) {
    EXPECT_FALSE(is_replayed(count));
    EXPECT_TRUE(is_replayed(count));
  }
  EXPECT_TRUE(is_replayed(1));
  EXPECT_FALSE(is_replayed(3));
  EXPECT_TRUE(is_replayed(3)) << "recorded";
  EXPECT_EQ(pair.recorded->recordings(), 2);
  EXPECT_TRUE(is_replayed(1));
  EXPECT_FALSE(is_replayed(2)) << "forgotten, and met as for the first time";
  EXPECT_TRUE(is_replayed(2));
  EXPECT_FALSE(is_replayed(3));
  EXPECT_EQ(pair.recorded->recordings(), 2);
}

class Turns : public ::testing::Test {
 protected:
  explicit Turns(RecordingLimits limits = {.meetings = 2}) : pair_("aig-8", at::kCPU, at::kDouble, limits) {}
  at::Tensor pass(int64_t count) {
    leaf = random_images(count).set_requires_grad(true);
    return pair_.recorded->forward(leaf, pass_of(count)).logits;
  }
  void pass_without_gradient() {
    const at::NoGradGuard no_grad;
    pair_.recorded->forward(random_images(3, 8), pass_of(3, 8));
  }
  at::Tensor gradient_of_first_class() {
    const at::Tensor own = leaf.detach().clone().set_requires_grad(true);
    pair_.bare->forward(own, pass_of(own.size(0))).logits.select(1, 0).sum().backward();
    return own.grad();
  }
  at::Tensor leaf;
  const Pair pair_;
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
    pass_without_gradient();
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

struct ShortOfRoom : Turns {
  ShortOfRoom() : Turns({.meetings = 1, .most = 1}) {}
};

TEST_F(ShortOfRoom, AForgottenPassStillHasItsGradient) {
  for (int i = 0; i < 3; ++i) {
    const at::Tensor logits = pass(3);
    pass_without_gradient();
    EXPECT_EQ(pair_.recorded->recordings(), 1);
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
