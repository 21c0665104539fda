// Gradients in bfloat16, verdicts in float32. (What they do to attacks is a check: tests/planted_defects_test.cpp.)
#include "lib/eval/bf16_gradients.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <gtest/gtest.h>

#include <functional>

#include "lib/eval/victim.h"
#include "lib/ops/gumbel.h"
#include "tests/networks.h"
#include "tests/toy_model.h"

namespace aigis {
namespace {

std::shared_ptr<Network> frozen(const std::string& spec) {
  std::shared_ptr<Network> network = build(spec);
  disturb(*network);
  network->move_to(at::kCPU, at::kFloat);
  network->freeze();
  return network;
}

at::Tensor images_of(int64_t count) { return random_images(count).to(at::kFloat); }

at::Tensor margin_gradient(Model& model, const at::Tensor& images) {
  Victim victim(model, 4);
  const Loss first = [](const Output& output) { return output.logits.select(1, 0) - output.logits.select(1, 1); };
  return victim.gradient(images, ids_of(images.size(0)), first, {}, {}).images;
}

class Bf16 : public ::testing::TestWithParam<std::string> {};

TEST_P(Bf16, WithoutAGradientNothingChanges) {
  const auto exact = frozen(GetParam());
  Bf16Gradients model(exact);
  const at::NoGradGuard no_grad;
  const at::Tensor images = images_of(6);
  EXPECT_TRUE(model.forward(images, pass_of(6)).logits.equal(exact->forward(images, pass_of(6)).logits));
  EXPECT_EQ(model.card().options["gradients"], "bf16");
}

TEST_P(Bf16, GradientsAreNearlyThoseOfFloat32AndAnswersTheSame) {
  const auto exact = frozen(GetParam());
  Bf16Gradients model(exact);
  constexpr int64_t kCount = 40;
  const at::Tensor images = images_of(kCount);
  const at::Tensor leaf = images.clone().set_requires_grad(true);
  const Output output = model.forward(leaf, pass_of(kCount)), same = exact->forward(leaf, pass_of(kCount));
  EXPECT_EQ(output.logits.scalar_type(), at::kFloat);
  EXPECT_FALSE(output.logits.equal(same.logits)) << "float32 throughout";
  EXPECT_TRUE(output.logits.argmax(1).equal(same.logits.argmax(1)));
  EXPECT_LT(((output.logits - same.logits).abs().amax(1) / same.logits.abs().amax(1)).max().item<double>(), 0.03);
  if (output.gates.any()) {
    EXPECT_EQ(output.gates.open.scalar_type(), at::kFloat);
  }

  Pass rough = pass_of(kCount);
  rough.rough = true;
  const at::Tensor looked = (at::NoGradGuard(), model.forward(images, rough).logits);
  EXPECT_FALSE(looked.requires_grad());
  EXPECT_TRUE(looked.equal(output.logits.detach())) << "as rough as the pass that a gradient is taken of";

  const at::Tensor told = margin_gradient(model, images), truth = margin_gradient(*exact, images);
  EXPECT_EQ(told.scalar_type(), at::kFloat);
  EXPECT_GT(told.sign().eq(truth.sign()).to(at::kFloat).mean().item<double>(), 0.9);
  EXPECT_LT((told - truth).norm().item<double>(), 0.2 * truth.norm().item<double>());
}

INSTANTIATE_TEST_SUITE_P(Networks, Bf16, ::testing::Values("resnet-8", "aig-8:gates=argmax", "aig-8:gates=sampled"),
                         [](const auto& p) {
                           std::string name;
                           for (const char c : p.param) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

/// Two logits that differ by less than bfloat16 can tell.
class NearlyTied : public ToyModel {
 public:
  NearlyTied() : ToyModel("nearly-tied", 2, {1, 1, 1}) {}
  Output forward(const at::Tensor& images, const Pass&) override {
    const at::Tensor x = images.flatten(1);
    const at::Tensor answer = at::cat({x, x + 1e-3F}, 1);
    return {rounds ? answer.to(at::kBFloat16) : answer, {}};
  }
  bool rounds = false;
};

TEST(Bf16Gradients, ANearTieIsDecidedInFloat32) {
  /// Rounds where a gradient is taken, as autocast would.
  struct Rounding : NearlyTied {
    Output forward(const at::Tensor& images, const Pass& pass) override {
      rounds = images.requires_grad();
      return NearlyTied::forward(images, pass);
    }
  };
  const auto exact = std::make_shared<Rounding>();
  Bf16Gradients model(exact);
  const at::Tensor images = at::rand({20, 1, 1, 1}, at::detail::createCPUGenerator(2)) + 1;
  const at::Tensor leaf = images.clone().set_requires_grad(true);
  EXPECT_LT((exact->forward(leaf, {}).logits.argmax(1)).sum().item<int64_t>(), 20) << "no tie to decide";
  const at::Tensor logits = model.forward(leaf, {}).logits;
  EXPECT_EQ(logits.argmax(1).sum().item<int64_t>(), 20);
  logits.sum().backward();
  EXPECT_TRUE(leaf.grad().eq(2).all().item<bool>()) << "the correction is no part of the gradient";
}

/// As sure of an image as that is bright.
class SureOfBright : public NearlyTied {
 public:
  Output forward(const at::Tensor& images, const Pass&) override {
    const at::Tensor x = images.flatten(1);
    return {at::cat({at::ones_like(x), x + 1}, 1), {}};
  }
};

TEST(Bf16Gradients, ANearTieIsAskedTwiceAndCountedTwice) {
  Bf16Gradients model(std::make_shared<SureOfBright>());
  at::Tensor images = at::ones({40, 1, 1, 1});
  images.slice(0, 20, 25).fill_(1e-4);
  const auto forward = [&](const std::function<void(Victim&)>& ask) {
    Victim victim(model, 4);
    ask(victim);
    return victim.audit().forward;
  };
  const Loss second = [](const Output& output) { return output.logits.select(1, 1); };
  EXPECT_EQ(forward([&](Victim& victim) { victim.gradient(images, ids_of(40), second, {}, {}); }), 40 + 5);
  EXPECT_EQ(forward([&](Victim& victim) { victim.look(images, ids_of(40), {}); }), 40 + 5);
  EXPECT_EQ(forward([&](Victim& victim) { victim.forward(images, ids_of(40), {}); }), 40) << "in float32 at once";
}

/// The noise of an image is added to both of its logits, whose gap is the image.
class Noisy : public NearlyTied {
 public:
  Output forward(const at::Tensor& images, const Pass& pass) override {
    const at::Tensor noise = pass.drawn.defined() ? pass.drawn : gate_noise(pass.noise, pass.image_ids, 1);
    const at::Tensor x = images.flatten(1);
    return {at::cat({x, x * 2}, 1) + noise.to(at::kFloat), {}};
  }
};

TEST(Bf16Gradients, NoiseDrawnBeforeStaysWithItsImage) {
  const auto exact = std::make_shared<Noisy>();
  Bf16Gradients model(exact);
  at::Tensor leaf = at::ones({40, 1, 1, 1});
  leaf.slice(0, 20, 25).fill_(1e-4);  // near ties
  leaf.set_requires_grad(true);
  Pass pass = pass_of(40);
  pass.drawn = gate_noise(pass.noise, pass.image_ids, 1);
  EXPECT_TRUE(at::allclose(model.forward(leaf, pass).logits, exact->forward(leaf, pass).logits));
}

}  // namespace
}  // namespace aigis
