// Models against Python's PyTorch in float64.
#include <ATen/ops/allclose.h>
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

struct Case {
  std::string name, architecture;
};

const std::vector<Case> kCases{
    {"resnet", "resnet-8"},
    {"resnet_identity", "resnet-14:shortcut=identity"},
    {"bottleneck_identity", "resnet-50:shortcut=identity,stride_at=conv1"},
    {"torchvision_18", "torchvision-resnet-18"},
    {"torchvision_50", "torchvision-resnet-50"},
    {"preresnet", "preresnet-14"},
    {"stochastic_depth", "stochastic-depth-14:survival=0.3"},
    {"aig", "aig-8"},
    {"aig_some_gates", "aig-20:gate_norm=true,target_rates=1:0.5:0.5:0.5:1:0.5:0.5:0.5:0.5"},
    {"aig_18", "aig-18"},
    {"aig_50", "aig-50:stride_at=conv1"},
    {"dense_aig", "dense-aig-16"},
    {"dense_aig_some_gates", "dense-aig-13:growth=4,target_rates=0.5:1:0.5:0.5:0.5:0.5:0.5:1:0.5"}};

std::string path_of(const Case& each) { return scratch(each.name + ".safetensors"); }

class AgainstPython : public ::testing::TestWithParam<Case> {
 protected:
  /// Of all at once: Python takes longer to start than most of them take.
  static void SetUpTestSuite() {
    std::string command = fmt::format("'{}' '{}/tests/golden/make_model_golden.py'", AIGIS_PYTHON, AIGIS_SOURCE_DIR);
    for (const Case& each : kCases) command += fmt::format(" '{}' '{}'", each.architecture, path_of(each));
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  void SetUp() override {
    path_ = path_of(GetParam());
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

INSTANTIATE_TEST_SUITE_P(Families, AgainstPython, ::testing::ValuesIn(kCases),
                         [](const auto& p) { return p.param.name; });

}  // namespace
}  // namespace aigis
