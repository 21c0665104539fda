// Models against Python's PyTorch in float64, and against themselves in other forms.
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/equal.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "models/checkpoint.h"
#include "tests/networks.h"
#include "tests/scratch.h"

namespace aigis {
namespace {

// ---- against Python ---------------------------------------------------------------------------------------------

struct Case {
  std::string name, architecture;
};

class AgainstPython : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    path_ = scratch(GetParam().name + ".safetensors");
    const std::string command = fmt::format("'{}' '{}/tests/golden/make_model_golden.py' '{}' '{}'", AIGIS_PYTHON,
                                            AIGIS_SOURCE_DIR, GetParam().architecture, path_);
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    golden_ = read_safetensors(path_ + ".golden").tensors;
  }
  void TearDown() override {
    std::remove(path_.c_str());
    std::remove((path_ + ".golden").c_str());
  }
  bool has(const std::string& name) const { return golden_.contains("golden." + name); }
  at::Tensor golden(const std::string& name) const { return golden_.at("golden." + name); }

  /// How gates decide in the golden's runs; "none" where there are none.
  std::vector<std::string> modes() const {
    std::vector<std::string> found;
    for (const char* mode : {"none", "argmax", "sampled", "always", "scaled", "marginal", "fixed", "budget"}) {
      if (has(std::string(mode) + ".logits")) found.push_back(mode);
    }
    return found;
  }

  std::shared_ptr<Network> load(const std::string& mode, const std::string& execution) const {
    Spec spec = Spec::parse(path_);
    const std::string torchvision = "torchvision-";
    if (GetParam().architecture.starts_with(torchvision)) {
      spec.options.emplace_back("architecture", GetParam().architecture.substr(torchvision.size()));
    }
    if (mode != "none") spec.options.emplace_back("gates", mode);
    if (execution == "skip") spec.options.emplace_back("execution", execution);
    if (mode == "fixed") {
      std::string graph;
      for (int64_t l = 0; l < golden("graph").size(0); ++l) {
        graph += golden("graph")[l].item<int64_t>() == 1 ? '1' : '0';
      }
      spec.options.emplace_back("graph", graph);
    }
    if (mode == "budget") {
      spec.options.emplace_back("layers", fmt::format("{}", golden("budget.gates")[0].sum().item<double>()));
    }
    return load_network(spec, at::kCPU, at::kDouble).network;
  }

  void compare(Network& network, const std::string& mode, const std::string& gradient) const {
    const at::Tensor x = golden("images").to(at::kDouble).set_requires_grad(true);
    const Pass pass{{11, Purpose::verdict_gates, 1, 2, 3},
                    golden("ids"),
                    gradient == "straight-through" ? GateGradient::straight_through : GateGradient::fixed_graph};
    const Output output = network.forward(x, pass);
    at::cross_entropy_loss(output.logits, golden("labels"), {}, at::Reduction::Sum).backward();
    EXPECT_TRUE(at::allclose(output.logits, golden(mode + ".logits"), 1e-9, 1e-9));
    // Without a gradient to keep, closed layers are left out with execution=skip.
    EXPECT_TRUE(at::allclose(network.forward(x.detach(), pass).logits, golden(mode + ".logits"), 1e-9, 1e-9));
    EXPECT_TRUE(at::allclose(x.grad(), golden(mode + "." + gradient + ".gradient"), 1e-7, 1e-10));
    EXPECT_EQ(output.gates.any(), has(mode + ".gates"));
    if (!output.gates.any()) return;
    EXPECT_TRUE(at::allclose(output.gates.logits, golden(mode + ".gate_logits"), 1e-9, 1e-9));
    EXPECT_TRUE(at::equal(output.gates.open.detach(), golden(mode + ".gates")));
    const at::Tensor executed = (output.gates.open.detach() * output.gates.cost).sum(1) + network.card().macs_always;
    EXPECT_TRUE(at::equal(executed, golden(mode + ".executed")));
  }

  void compare(const ModelCard& card) const {
    EXPECT_EQ(card.classes, 10);
    EXPECT_EQ(card.parameters, golden("parameters").item<int64_t>());
    if (!has("macs_full")) return;
    EXPECT_EQ(card.macs_full(), golden("macs_full").item<int64_t>());
    ASSERT_EQ(static_cast<int64_t>(card.gated.size()), golden("layer_macs").size(0));
    for (size_t l = 0; l < card.gated.size(); ++l) {
      EXPECT_EQ(card.gated[l].macs, golden("layer_macs")[static_cast<int64_t>(l)].item<int64_t>())
          << card.gated[l].name;
      EXPECT_EQ(card.gated[l].gate_macs, golden("gate_macs")[static_cast<int64_t>(l)].item<int64_t>());
    }
  }

  std::string path_;
  std::map<std::string, at::Tensor> golden_;
};

/// Logits, gates, gradients of the input, and the numbers of the card.
TEST_P(AgainstPython, Agrees) {
  ASSERT_FALSE(modes().empty());
  compare(load(modes().front(), "mask")->card());
  const bool can_skip = GetParam().architecture.starts_with("aig-");
  for (const std::string& mode : modes()) {
    for (const std::string execution : {"mask", "skip"}) {
      if (execution == "skip" && !can_skip) continue;
      const auto network = load(mode, execution);
      for (const std::string gradient : {"straight-through", "fixed-graph"}) {
        SCOPED_TRACE(fmt::format("gates={}, execution={}, {}", mode, execution, gradient));
        if (has(mode + "." + gradient + ".gradient")) compare(*network, mode, gradient);
      }
    }
    if (mode == "argmax" || mode == "sampled" || mode == "marginal") {
      EXPECT_GT(golden(mode + ".gates").std().item<double>(), 0) << "a golden without closed gates proves little";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Families, AgainstPython,
    ::testing::Values(Case{"resnet", "resnet-8"}, Case{"resnet_identity", "resnet-14:shortcut=identity"},
                      Case{"bottleneck_identity", "resnet-50:shortcut=identity,stride_at=conv1"},
                      Case{"torchvision_18", "torchvision-resnet-18"}, Case{"torchvision_50", "torchvision-resnet-50"},
                      Case{"preresnet", "preresnet-14"}, Case{"stochastic_depth", "stochastic-depth-14:survival=0.3"},
                      Case{"aig", "aig-8"},
                      Case{"aig_some_gates", "aig-20:gate_norm=true,target_rates=1:0.5:0.5:0.5:1:0.5:0.5:0.5:0.5"},
                      Case{"aig_18", "aig-18"}, Case{"aig_50", "aig-50:stride_at=conv1"},
                      Case{"dense_aig", "dense-aig-16"},
                      Case{"dense_aig_some_gates",
                           "dense-aig-13:growth=4,target_rates=0.5:1:0.5:0.5:0.5:0.5:0.5:1:0.5"}),
    [](const auto& p) { return p.param.name; });

// ---- the same network in other forms -------------------------------------------------------------------------------

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
