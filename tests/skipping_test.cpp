// Closed layers left out, by each way of execution, against masks.
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/networks.h"

namespace aigis {
namespace {

class Skipping : public ::testing::TestWithParam<std::string> {
 protected:
  static std::string with(const std::string& option) {
    return GetParam() + (GetParam().find(':') == std::string::npos ? ":" : ",") + option;
  }
};

TEST_P(Skipping, GivesWhatMaskingGives) {
  const auto mask = build_frozen(with("execution=mask")), skip = build_frozen(with("execution=skip"));
  const int64_t layers = static_cast<int64_t>(mask->card().gated.size());
  const at::TensorOptions real(at::kDouble);
  const at::Tensor images = random_images(7);
  std::vector<Pass> passes{pass_of(7), with_graph(7, at::zeros({layers}, real)),
                           with_graph(7, at::ones({7, layers}, real))};
  for (Pass& pass : passes) {
    const Output expected = mask->forward(images, pass), output = skip->forward(images, pass);
    EXPECT_TRUE(at::allclose(output.logits, expected.logits, 1e-10, 1e-10));
    EXPECT_TRUE(at::equal(output.gates.open, expected.gates.open));
    for (const int64_t cut : {1, 3, 6}) {
      Pass head = pass, tail = pass;
      head.image_ids = pass.image_ids.slice(0, 0, cut);
      tail.image_ids = pass.image_ids.slice(0, cut, 7);
      if (pass.graph.defined() && pass.graph.dim() == 2) {
        head.graph = pass.graph.slice(0, 0, cut);
        tail.graph = pass.graph.slice(0, cut, 7);
      }
      const Output first = skip->forward(images.slice(0, 0, cut), head),
                   rest = skip->forward(images.slice(0, cut, 7), tail);
      EXPECT_TRUE(at::allclose(at::cat({first.logits, rest.logits}), expected.logits, 1e-10, 1e-10)) << cut;
      EXPECT_TRUE(at::equal(at::cat({first.gates.open, rest.gates.open}), expected.gates.open)) << cut;
    }
    const auto gradient = [&](Network& net, GateGradient kind) {
      Pass attack = pass;
      attack.gate_gradient = kind;
      const at::Tensor x = images.clone().set_requires_grad(true);
      net.forward(x, attack).logits.pow(2).sum().backward();
      return x.grad();
    };
    for (const GateGradient kind : {GateGradient::straight_through, GateGradient::fixed_graph}) {
      EXPECT_TRUE(at::allclose(gradient(*skip, kind), gradient(*mask, kind), 1e-10, 1e-10));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Skipping,
                         ::testing::Values("aig-14", "aig-8:shortcut=identity", "aig-8:target_rates=1:0.5:0.5",
                                           "aig-50:stride_at=conv1"));

/// Every mode of the gates, every execution, split in any way.
TEST(Executions, GiveTheSameGatesForAnyBatchSplit) {
  const std::vector<double> rates{0.3, 0.9, 0.5, 0.6, 0.2, 0.7};
  const at::Tensor images = random_images(23);
  for (const char* mode :
       {"sampled", "argmax", "always", "scaled", "marginal", "fixed,graph=101101", "budget,layers=3"}) {
    const std::string spec = std::string("aig-14:gates=") + mode + ",execution=";
    const Output expected = build_frozen(spec + "mask", rates)->forward(images, pass_of(23));
    for (const char* execution : {"mask", "skip", "bucket"}) {
      const auto net = build_frozen(spec + execution, rates);
      for (const int64_t size : {1, 9, 23}) {
        std::vector<at::Tensor> gates, logits;
        for (int64_t begin = 0; begin < 23; begin += size) {
          Pass pass = pass_of(23);
          pass.image_ids = pass.image_ids.slice(0, begin, begin + size);
          const Output part = net->forward(images.slice(0, begin, begin + size), pass);
          gates.push_back(part.gates.open);
          logits.push_back(part.logits);
        }
        EXPECT_TRUE(at::equal(at::cat(gates), expected.gates.open)) << mode << " " << execution << " " << size;
        EXPECT_TRUE(at::allclose(at::cat(logits), expected.logits, 1e-10, 1e-10)) << mode << " " << execution << size;
      }
    }
  }
}

/// A branch of NaN shows whether it is computed: masked, it spoils every image, for 0 times NaN is NaN.
TEST(Skipping, ClosedLayersAreNotComputed) {
  const OneThread one_thread;
  for (const std::string execution : {"mask", "skip", "bucket"}) {
    const auto net = build("aig-8:execution=" + execution);
    disturb(*net);
    net->set_execution_rates({0.3, 0.3, 0.3});
    for (const auto& [name, tensor] : net->named_weights()) {
      if (name == "layer2.0.conv1.weight") tensor.detach().fill_(std::numeric_limits<double>::quiet_NaN());
    }
    net->freeze();
    constexpr int64_t count = 30;
    at::Tensor graph = at::zeros({count, 3}, at::TensorOptions(at::kDouble));
    for (const int64_t image : {0, 4, 5, 9, 14, 20, 29}) graph[image][1] = 1;
    const at::Tensor spoilt = net->forward(random_images(count), with_graph(count, graph)).logits.isnan().any(1);
    const at::Tensor expected =
        execution == "mask" ? at::ones({count}, at::TensorOptions(at::kBool)) : graph.select(1, 1).gt(0);
    EXPECT_TRUE(at::equal(spoilt, expected)) << execution;
  }
}

}  // namespace
}  // namespace aigis
