// Models against Python's PyTorch in float64, against closed forms, and against themselves folded.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "lib/core/error.h"
#include "lib/ops/gumbel.h"
#include "models/checkpoint.h"

namespace aigis {
namespace {

std::unique_ptr<Network> build(const std::string& spec, uint64_t seed = 3) {
  return make_network(Spec::parse(spec), {"", 0, 10, {3, 32, 32}, seed});
}

// ---- sizes in closed form --------------------------------------------------------------------------------------

/// He et al.'s network by hand: 3x3 convolutions of 16, 32 and 64 channels, two a block, BatchNorm's two numbers a
/// channel, 1x1 shortcuts with BatchNorm, and the last layer.
int64_t resnet_parameters(int64_t n) {
  const auto conv = [](int64_t in, int64_t out, int64_t k) { return in * out * k * k + 2 * out; };
  int64_t sum = conv(3, 16, 3) + 2 * n * conv(16, 16, 3);
  sum += conv(16, 32, 3) + (2 * n - 1) * conv(32, 32, 3) + conv(16, 32, 1);
  sum += conv(32, 64, 3) + (2 * n - 1) * conv(64, 64, 3) + conv(32, 64, 1);
  return sum + 64 * 10 + 10;
}

int64_t gate_parameters(int64_t n) {
  const auto gate = [](int64_t channels) { return channels * 16 + 16 + 16 * 2 + 2; };
  return n * gate(16) + gate(16) + (n - 1) * gate(32) + gate(32) + (n - 1) * gate(64);
}

TEST(Sizes, ParametersInClosedForm) {
  for (const int64_t depth : {8, 20, 32, 110}) {
    const int64_t n = (depth - 2) / 6;
    EXPECT_EQ(build(fmt::format("resnet-{}", depth))->card().parameters, resnet_parameters(n));
    EXPECT_EQ(build(fmt::format("aig-{}", depth))->card().parameters, resnet_parameters(n) + gate_parameters(n));
  }
  EXPECT_NEAR(static_cast<double>(build("aig-110")->card().parameters), 1.765e6, 0.005e6);
}

TEST(Sizes, MacsOf110) {
  const auto net = build("aig-110");
  const ModelCard& card = net->card();
  ASSERT_EQ(card.gated.size(), 54u);
  int64_t branches = 0, gates = 0;
  for (const auto& layer : card.gated) {
    branches += layer.macs;
    gates += layer.gate_macs;
  }
  EXPECT_EQ(card.gated[1].macs, 2 * 9 * 16 * 16 * 32 * 32);                       // 4.72 M
  EXPECT_EQ(card.gated[18].macs, 9 * (16 * 32 + 32 * 32) * 16 * 16);              // 3.54 M: the first of a stage
  EXPECT_EQ(branches, 52 * 4718592 + 2 * 3538944);                                // 252.4 M
  EXPECT_EQ(card.macs_always - gates, 9 * 3 * 16 * 1024 + 16 * 32 * 256 + 32 * 64 * 64 + 640);  // 0.7 M
  EXPECT_EQ(card.gated[0].gate_macs, 16 * 16 + 16 * 2);
  EXPECT_EQ(build("resnet-110")->card().macs_full(), card.macs_full() - gates);
}

// ---- against Python ---------------------------------------------------------------------------------------------

class AgainstPython : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "aigis_" + GetParam() + ".safetensors";
    const std::string command = fmt::format("'{}' '{}/tests/golden/make_model_golden.py' {} 8 '{}'", AIGIS_PYTHON, AIGIS_SOURCE_DIR, GetParam(), path_);
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    golden_ = read_safetensors(path_ + ".golden").tensors;
  }
  at::Tensor golden(const std::string& name) const { return golden_.at("golden." + name); }

  std::string path_;
  std::map<std::string, at::Tensor> golden_;
};

TEST_P(AgainstPython, LogitsGatesAndGradientsAgree) {
  for (const std::string mode : {"argmax", "sampled"}) {
    if (GetParam() == "resnet" && mode == "sampled") continue;
    Spec spec = Spec::parse(path_);
    if (GetParam() == "aig") spec.options = {{"gates", mode}};
    const auto net = load_model(spec, at::kCPU, at::kDouble).network;
    for (const std::string gradient : {"straight-through", "fixed-graph"}) {
      const at::Tensor x = golden("images").to(at::kDouble).set_requires_grad(true);
      const Pass pass{{11, Purpose::verdict_gates, 1, 2, 3}, golden("ids"),
                      gradient == "straight-through" ? GateGradient::straight_through : GateGradient::fixed_graph};
      const Output output = net->forward(x, pass);
      at::cross_entropy_loss(output.logits, golden("labels"), {}, at::Reduction::Sum).backward();
      EXPECT_TRUE(at::allclose(output.logits, golden(mode + ".logits"), 1e-9, 1e-9)) << mode;
      EXPECT_TRUE(at::allclose(x.grad(), golden(mode + "." + gradient + ".gradient"), 1e-7, 1e-10)) << mode << gradient;
      if (GetParam() == "resnet") continue;
      EXPECT_TRUE(at::allclose(output.gates.logits, golden(mode + ".gate_logits"), 1e-9, 1e-9));
      EXPECT_TRUE(at::equal(output.gates.open.detach(), golden(mode + ".gates")));
      EXPECT_GT(output.gates.open.std().item<double>(), 0) << "a golden without closed gates proves little";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, AgainstPython, ::testing::Values("resnet", "aig"), [](const auto& p) { return p.param; });

// ---- gates -------------------------------------------------------------------------------------------------------

TEST(GumbelGate, OpensWithTheProbabilityOfItsLogit) {
  constexpr int64_t kDraws = 100'000;
  const at::Tensor ids = at::arange(kDraws, at::TensorOptions(at::kLong));
  const at::Tensor noise = gate_noise({1, Purpose::verdict_gates}, ids, 5);
  int64_t layer = 0;
  for (const double logit : {-3.0, -0.5, 0.0, 1.735, 4.0}) {
    const double expected = 1 / (1 + std::exp(-logit));
    const at::Tensor open = hard_gate(at::full({kDraws}, logit, at::TensorOptions(at::kDouble)), noise.select(1, layer++), GateGradient::fixed_graph);
    // five standard errors: one false alarm in two million
    EXPECT_NEAR(open.mean().item<double>(), expected, 5 * std::sqrt(expected * (1 - expected) / kDraws)) << logit;
  }
}

TEST(GumbelGate, GradientIsThatOfTheRelaxedGate) {
  const at::Tensor ids = at::arange(50, at::TensorOptions(at::kLong));
  const at::Tensor noise = gate_noise({2, Purpose::verdict_gates}, ids, 1).select(1, 0);
  at::Tensor logits = (at::arange(50, at::TensorOptions(at::kDouble)) / 10 - 2.5).set_requires_grad(true);
  const at::Tensor open = hard_gate(logits, noise, GateGradient::straight_through);
  EXPECT_TRUE(at::equal(open.detach(), (logits + noise).detach().gt(0).to(at::kDouble)));
  open.sum().backward();
  // numerical derivative of sigmoid(logits + noise) in float64
  constexpr double h = 1e-6;
  const at::Tensor numerical = ((logits + noise + h).sigmoid() - (logits + noise - h).sigmoid()).detach() / (2 * h);
  EXPECT_TRUE(at::allclose(logits.grad(), numerical, 1e-7, 1e-9));
}

TEST(Aig, StartsOpenAtTheProbabilityOfThePaper) {
  const auto net = build("aig-20");
  auto generator = at::detail::createCPUGenerator(1);
  const at::Tensor images = at::rand({8, 3, 32, 32}, generator);
  const Output output = net->forward(images, {{0, Purpose::training_gates}, at::arange(8, at::TensorOptions(at::kLong))});
  EXPECT_NEAR(output.gates.logits.mean().item<double>(), std::log(0.85 / 0.15), 0.02);
  EXPECT_TRUE(at::allclose(output.gates.probability, output.gates.logits.sigmoid()));
  EXPECT_EQ(output.gates.cost.numel(), 9);
}

TEST(Aig, RateLossByHand) {
  Output output;
  output.gates.open = at::full({4, 2}, 1.0);
  output.gates.open.select(1, 0).slice(0, 0, 3).fill_(0);  // rates .25 and 1
  EXPECT_NEAR(build("aig-8:target_rate=0.7")->penalty(output).item<double>(), 0.45 * 0.45 + 0.3 * 0.3, 1e-6);
  EXPECT_NEAR(build("aig-8:target_rate=0.7,rate_loss=mean,rate_weight=2")->penalty(output).item<double>(), 0.45 * 0.45 + 0.3 * 0.3, 1e-6);
}

// ---- the same network in other forms -------------------------------------------------------------------------------

class Forms : public ::testing::TestWithParam<std::string> {};

TEST_P(Forms, FoldingChangesNothingButRounding) {
  const auto net = build(GetParam());
  auto generator = at::detail::createCPUGenerator(1);
  for (const auto& [name, tensor] : net->named_statistics()) {
    if (name.ends_with("running_mean")) tensor.copy_(at::rand(tensor.sizes(), generator) - 0.5);
    if (name.ends_with("running_var")) tensor.copy_(at::rand(tensor.sizes(), generator) + 0.5);
  }
  net->move_to(at::kCPU, at::kDouble);
  net->set_training(false);
  const at::Tensor images = at::rand({5, 3, 32, 32}, generator, at::TensorOptions(at::kDouble));
  const Pass pass{{4, Purpose::verdict_gates}, at::arange(5, at::TensorOptions(at::kLong))};
  const at::Tensor plain = net->forward(images, pass).logits.detach();
  net->freeze();
  EXPECT_TRUE(at::allclose(net->forward(images, pass).logits, plain, 1e-10, 1e-10));
}

TEST_P(Forms, AnImageDoesNotFeelItsBatch) {
  const auto net = build(GetParam());
  net->move_to(at::kCPU, at::kDouble);
  net->freeze();
  auto generator = at::detail::createCPUGenerator(2);
  const at::Tensor images = at::rand({6, 3, 32, 32}, generator, at::TensorOptions(at::kDouble));
  const at::Tensor ids = at::arange(6, at::TensorOptions(at::kLong)) + 100;
  const Stream noise{9, Purpose::verdict_gates};
  const at::Tensor whole = net->forward(images, {noise, ids}).logits;
  for (int64_t i = 0; i < 6; ++i) {
    const int64_t j = 5 - i;  // another order, too
    const at::Tensor one = net->forward(images.slice(0, j, j + 1), {noise, ids.slice(0, j, j + 1)}).logits;
    EXPECT_TRUE(at::allclose(one[0], whole[j], 1e-12, 1e-12));
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Forms, ::testing::Values("resnet-8", "aig-8", "aig-14:gates=argmax", "aig-8:gate_norm=true", "resnet-14:shortcut=identity"));

// ---- bad input -----------------------------------------------------------------------------------------------------

TEST(Architectures, WrongNamesAndOptionsAreRefused) {
  for (const char* bad : {"resnet-21", "resnet", "aig-7", "rensnet-20", "aig-20:target_rate=1.2", "aig-20:gates=open",
                          "resnet-20:gates=argmax", "aig-20:draws=0", "aig-x"}) {
    EXPECT_THROW(build(bad), InputError) << bad;
  }
  EXPECT_THROW(make_network(Spec::parse("aig-20"), {"", 0, 10, {3, 224, 224}, 0}), InputError);
}

}  // namespace
}  // namespace aigis
