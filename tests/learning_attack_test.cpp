// Attacks that learn from training images: average graphs of classes, and perturbations for all images.
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "attacks/parts/class_graph.h"
#include "attacks/parts/objective.h"
#include "lib/core/error.h"
#include "tests/attacks.h"
#include "tests/messages.h"
#include "tests/three_gates.h"

namespace aigis {
namespace {

TEST(ClassGraphs, AreMeansAndWeighByTheirVariance) {
  ThreeGates model(false);
  // Class 0: gate a open in one of four images; class 1: always. Gate b always open, gate c never.
  at::Tensor images = at::full({5, 3, 2, 2}, 0.6, at::TensorOptions(at::kDouble));
  images.select(1, 2).fill_(0.4);
  images.slice(0, 0, 3).select(1, 0).fill_(0.4);
  Batch batch = batch_of(images, 0);
  batch.labels = at::tensor({0, 0, 0, 0, 1}, at::kLong);
  Victim victim(model, 0);
  Gates gates;
  gates.logits = at::tensor({0.3, -2.0, 5.0}, at::kDouble).unsqueeze(0);
  const auto value = [&](int64_t klass) {
    return towards_class("gate-hijack", victim, batch, klass, 0.9)->value(gates, {}).item<double>();
  };
  // All weight is on gate a, the only one whose rate differs; for class 0 it is usually shut.
  EXPECT_NEAR(value(0), -0.5 * (std::log(9) + 0.3), 1e-12);
  EXPECT_NEAR(value(1), -(std::log(9) - 0.3), 1e-12);
  batch.labels = at::zeros({5}, at::TensorOptions(at::kLong));
  for (const char* attack : {"gate-hijack:class=1", "gate-universal:aim=hijack,class=1"}) {
    const std::string name = Spec::parse(attack).name;
    EXPECT_EQ(message_of([&] { taught(make_attack(attack), victim, batch, Norm::linf, {0.1}); }),
              "attack '" + name + "': option 'images': of 5 none is of class 1; expected more training images");
  }
}

/// Three gates' images of two classes: gates a and c are open for both, b for class 1 alone.
Batch two_classes(double bright, double dark) {
  at::Tensor images = at::full({4, 3, 2, 2}, bright, at::TensorOptions(at::kDouble));
  images.slice(0, 0, 2).select(1, 1).fill_(dark);
  Batch batch = batch_of(images, 0);
  batch.labels = at::tensor({0, 0, 1, 1}, at::kLong);
  return batch;
}

/// That of class 0, in each of so many images.
bool have_graph_of_class_0(const Output& output) {
  return at::allclose(output.gates.open, at::tensor({1.0, 0.0, 1.0}, at::kDouble).expand_as(output.gates.open));
}

TEST(GateHijack, TakesOnTheGraphOfAClass) {
  ThreeGates model(false);
  const Batch training = two_classes(0.6, 0.4);
  const Batch batch = batch_of(training.images.slice(0, 2, 4) - 0.05, 1);
  Victim victim(model, 0);
  const auto attack = taught(make_attack("gate-hijack:class=0"), victim, training, Norm::linf, {0.06});
  const at::Tensor x = attack->propose(victim, batch, Norm::linf, {0.06})[0];
  EXPECT_TRUE(have_graph_of_class_0(model.forward(x, {})));
  EXPECT_EQ(victim.audit().zero_gradients, 0) << "a flat loss hides nothing where all gates are as wanted";
}

/// Gates open where a channel's mean is above 0.5: one perturbation serves all images that are no further below.
TEST(GateUniversal, OpensImagesThatItHasNotSeen) {
  ThreeGates model(false);
  const auto dark = [&](uint64_t seed) { return random_images(20, seed, 2) * 0.02 + 0.45; };
  const Batch training = batch_of(dark(1), 0), batch = batch_of(dark(2), 0);
  const std::vector<double> epsilons{0.025, 0.055};
  Victim victim(model, 0);
  for (const char* name : {"gate-universal", "gate-universal:per_class=true"}) {
    const auto attack = taught(make_attack(name), victim, training, Norm::linf, epsilons);
    const auto proposals = attack->propose(victim, batch, Norm::linf, epsilons);
    EXPECT_EQ(model.forward(proposals[0], {}).gates.open.sum().item<double>(), 0) << name;
    EXPECT_EQ(model.forward(proposals[1], {}).gates.open.sum().item<double>(), 60) << name;
    const at::Tensor added = proposals[1] - batch.images;
    EXPECT_LE((added - added[0]).abs().max().item<double>(), 1e-12) << "the same for all";
  }
  // A class of which nothing was learnt gets nothing.
  for (const char* name : {"gate-universal:per_class=true", "gate-universal:per_class=true,patch=1"}) {
    const auto attack = taught(make_attack(name), victim, training, Norm::linf, {0.055});
    EXPECT_TRUE(at::equal(attack->propose(victim, batch_of(batch.images, 1), Norm::linf, {0.055})[0], batch.images));
  }
  EXPECT_THROW(make_attack("gate-universal")->propose(victim, batch, Norm::linf, {0.1}), std::logic_error);
}

/// A length of its own is the same as that many epsilons, and steps of one length go farther than such that shorten.
TEST(GateUniversal, StepsAsItIsTold) {
  ThreeGates model(false);
  const Batch training = batch_of(random_images(20, 1, 2) * 0.02 + 0.3, 0);
  const double epsilon = 0.25;
  Victim victim(model, 0);
  const auto added = [&](const std::string& options) {
    const auto attack = taught(make_attack("gate-universal:" + options), victim, training, Norm::linf, {epsilon});
    return attack->propose(victim, training, Norm::linf, {epsilon})[0] - training.images;
  };
  const at::Tensor shortening = added("steps=8,relative_step_size=0.1");
  EXPECT_TRUE(at::allclose(added("steps=8,step_size=0.025"), shortening, 0, 1e-12));
  EXPECT_NEAR(shortening.max().item<double>(), 0.025 * 4.5, 1e-9);  // 1 + 7/8 + … + 1/8
  EXPECT_NEAR(added("steps=8,relative_step_size=0.1,decay=none").max().item<double>(), 0.025 * 8, 1e-9);
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
      taught(make_attack("gate-universal:per_class=true,confidence=0.6"), victim, training, Norm::linf, {0.06});
  const at::Tensor added = attack->propose(victim, training, Norm::linf, {0.06})[0] - images;
  EXPECT_NEAR(added.slice(0, 0, 10).min().item<double>(), 0.06, 1e-9);
  EXPECT_NEAR(added.slice(0, 10).select(1, 0).min().item<double>(), 0.06, 1e-9);
  EXPECT_EQ(added.slice(0, 10).slice(1, 1, 3).abs().max().item<double>(), 0);
}

/// A patch as large as the image is the image; a smaller one leaves the rest alone, and opens what it can.
TEST(GateUniversal, PastesAPatch) {
  ThreeGates model(false);
  const Batch training = batch_of(random_images(20, 1, 2) * 0.02 + 0.3, 0);
  const Batch batch = batch_of(random_images(20, 2, 2) * 0.02 + 0.3, 0);
  Victim victim(model, 0);
  for (const int64_t side : {1, 2}) {
    const auto attack =
        taught(make_attack("gate-universal:patch=" + std::to_string(side)), victim, training, Norm::linf, {0.1, 1.0});
    const auto proposals = attack->propose(victim, batch, Norm::linf, {0.1, 1.0});
    const auto corner = [&](const at::Tensor& x) { return x.slice(2, 0, side).slice(3, 0, side); };
    const at::Tensor patch = corner(proposals[1]);
    EXPECT_TRUE(at::equal(patch, patch.slice(0, 0, 1).expand_as(patch))) << "the same colours on every image";
    for (const at::Tensor& x : proposals) {
      at::Tensor rest = x.clone();
      corner(rest).copy_(corner(batch.images));
      EXPECT_TRUE(at::equal(rest, batch.images)) << side;
    }
    // Within a small budget, too, colours are sought in the whole box.
    EXPECT_NEAR((corner(proposals[0]) - corner(batch.images)).min().item<double>(), 0.1, 1e-9) << side;
    // A quarter of the pixels at 1 lifts a mean of .31 to .48, which is not enough; within .1 none would be.
    EXPECT_EQ(model.forward(proposals[0], {}).gates.open.sum().item<double>(), 0) << side;
    EXPECT_EQ(model.forward(proposals[1], {}).gates.open.sum().item<double>(), side == 2 ? 60 : 0);
    EXPECT_LE((proposals[0] - batch.images).abs().max().item<double>(), 0.1 + 1e-12);
    if (side == 2) continue;
    EXPECT_GT(patch.min().item<double>(), 0.99) << "as bright as can be, though no gate opens";
  }
  EXPECT_THROW(make_attack("gate-universal:patch=3")->check(model.card()), InputError);
  EXPECT_THROW(make_attack("gate-universal:patch=2,band=0.5")->check(model.card()), InputError);
}

TEST(GateUniversal, ShutsGates) {
  ThreeGates model(false);
  const auto bright = [&](uint64_t seed) { return random_images(20, seed, 2) * 0.02 + 0.53; };
  Victim victim(model, 0);
  const auto attack =
      taught(make_attack("gate-universal:aim=starve"), victim, batch_of(bright(1), 0), Norm::linf, {0.055});
  const at::Tensor x = attack->propose(victim, batch_of(bright(2), 0), Norm::linf, {0.055})[0];
  EXPECT_EQ(model.forward(x, {}).gates.open.sum().item<double>(), 0);
}

TEST(GateUniversal, TakesOnTheGraphOfAClass) {
  ThreeGates model(false);
  const Batch training = two_classes(0.55, 0.45);
  Victim victim(model, 0);
  const auto attack = taught(make_attack("gate-universal:aim=hijack,class=0"), victim, training, Norm::linf, {0.06});
  const at::Tensor x = attack->propose(victim, training, Norm::linf, {0.06})[0];
  EXPECT_TRUE(have_graph_of_class_0(model.forward(x, {})));
}

/// Opening gate a alone changes the answer at little cost; an attack that does not heed the cost opens gate c, too.
TEST(GateUniversal, ChangesAnswersUnseen) {
  ThreeGates model(false);
  const at::Tensor images = random_images(20, 1, 2) * 0.01 + 0.47;
  const Batch batch = batch_of(images, 0);
  Victim victim(model, 0);
  for (const auto& [tolerance, share] : {std::pair{"0.2", 10.0 / 60}, {"1", 40.0 / 60}}) {
    const auto attack = taught(make_attack(std::string("gate-universal:aim=reroute,tolerance=") + tolerance), victim,
                               batch, Norm::linf, {0.08});
    const Output output = model.forward(attack->propose(victim, batch, Norm::linf, {0.08})[0], {});
    EXPECT_EQ(output.logits.argmax(1).sum().item<int64_t>(), 20) << tolerance;
    EXPECT_NEAR(executed_share(output.gates).mean().item<double>(), share, 1e-9) << tolerance;
  }
}

}  // namespace
}  // namespace aigis
