// Models against themselves in other forms.
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "models/checkpoint.h"
#include "tests/networks.h"
#include "tests/scratch.h"

namespace aigis {
namespace {

class Forms : public ::testing::TestWithParam<std::string> {};

TEST_P(Forms, FoldingChangesNothingButRounding) {
  const auto net = build(GetParam());
  disturb(*net);
  net->set_training(false);
  const at::Tensor images = random_images(5);
  const Pass pass{{4, Purpose::verdict_gates}, at::arange(5, at::TensorOptions(at::kLong))};
  const at::Tensor plain = net->forward(images, pass).logits.detach();
  net->freeze();
  EXPECT_TRUE(at::allclose(net->forward(images, pass).logits, plain, 1e-10, 1e-10));
}

TEST_P(Forms, AFrozenNetworkMovesAsAWhole) {
  const auto net = build(GetParam());
  disturb(*net);
  net->move_to(at::kCPU, at::kFloat);
  net->freeze();
  net->move_to(at::kCPU, at::kDouble);
  const at::Tensor images = random_images(5);
  const Output moved = net->forward(images, pass_of(5)),
               expected = build_frozen(GetParam())->forward(images, pass_of(5));
  EXPECT_TRUE(at::allclose(moved.logits, expected.logits, 1e-12, 1e-12));
  if (expected.gates.any()) {
    EXPECT_TRUE(at::allclose(moved.gates.logits, expected.gates.logits, 1e-12, 1e-12));
  }
}

/// 37 images: more than are worked on together.
TEST_P(Forms, AnImageDoesNotFeelItsBatch) {
  const auto net = build_frozen(GetParam());
  const at::Tensor images = random_images(37, 2);
  const at::Tensor ids = at::arange(37, at::TensorOptions(at::kLong)) + 100;
  const Stream noise{9, Purpose::verdict_gates};
  const Output whole = net->forward(images, {noise, ids});
  for (const int64_t j : {36, 17, 18, 0}) {  // another order, too
    const Output one = net->forward(images.slice(0, j, j + 1), {noise, ids.slice(0, j, j + 1)});
    EXPECT_TRUE(at::allclose(one.logits[0], whole.logits[j], 1e-12, 1e-12));
    if (one.gates.any()) {
      EXPECT_TRUE(at::equal(one.gates.open[0], whole.gates.open[j]));
    }
  }
}

TEST_P(Forms, ACheckpointHoldsEverything) {
  const Spec architecture = Spec::parse(GetParam());
  const auto net = build_frozen(GetParam());
  const std::string path = scratch("forms.safetensors");
  const std::vector<double> rates(net->card().gated.size(), 0.25);
  if (!rates.empty()) net->set_execution_rates(rates);
  write_safetensors(path, pack_checkpoint(*net, architecture, std::vector<std::string>(10, "c"), nullptr));
  Spec spec = Spec::parse(path);
  if (!rates.empty()) spec.options.emplace_back("gates", net->card().gate_mode);
  const auto loaded = load_network(spec, at::kCPU, at::kDouble).network;
  EXPECT_EQ(loaded->execution_rates(), rates);
  EXPECT_EQ(loaded->card().options, net->card().options);
  const at::Tensor images = random_images(3);
  const Pass pass{{4, Purpose::verdict_gates}, at::arange(3, at::TensorOptions(at::kLong))};
  EXPECT_TRUE(at::equal(loaded->forward(images, pass).logits, net->forward(images, pass).logits));
}

INSTANTIATE_TEST_SUITE_P(Models, Forms,
                         ::testing::Values("resnet-8", "resnet-14:shortcut=identity", "preresnet-8",
                                           "stochastic-depth-8", "aig-8", "aig-14:gates=argmax", "aig-8:gate_norm=true",
                                           "aig-8:target_rates=1:0.5:0.7", "dense-aig-10"));

}  // namespace
}  // namespace aigis
