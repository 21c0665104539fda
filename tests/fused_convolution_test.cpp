// Fused convolutions against the same convolution and sum one after the other.
#include <ATen/Version.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/record_function.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <string_view>

#include "lib/ops/autocast.h"
#include "tests/networks.h"

namespace aigis {
namespace {

std::unique_ptr<Network> build_in(at::ScalarType type, const std::string& spec) {
  auto network = build_frozen(spec);
  network->move_to(at::kCPU, type);
  return network;
}

/// Passes that keep a gradient fuse nothing.
TEST(FusedConvolutions, GiveTheSameBits) {
  const OneThread one_thread;
  std::vector<std::string> specs{"resnet-14:shortcut=identity", "resnet-18", "resnet-50", "aig-50:stride_at=conv1",
                                 "aig-14:target_rates=1:0.5:0.5:1:0.5:0.5"};
  for (const auto& family : model_list()) specs.push_back(fmt::format("{}-{}", family.name, family.members.front()));
  for (const std::string& spec : specs) {
    const auto net = build_in(at::kFloat, spec);
    const auto layers = static_cast<int64_t>(net->card().gated.size());
    if (layers > 0) net->set_gate_mode("always");
    for (const int64_t count : {1, 7, 18}) {
      const at::Tensor images = random_images(count).to(at::kFloat);
      auto generator = at::detail::createCPUGenerator(5);
      std::vector<Pass> passes{pass_of(count)};
      if (layers > 0) passes.push_back(with_graph(count, at::rand({count, layers}, generator).round()));
      for (const Pass& pass : passes) {
        const at::Tensor apart = net->forward(images.clone().set_requires_grad(true), pass).logits;
        EXPECT_TRUE(at::equal(net->forward(images, pass).logits, apart)) << spec << " " << count;
      }
    }
  }
}

int fused_kernels = 0;

std::unique_ptr<at::ObserverContext> count_fused(const at::RecordFunction& function) {
  fused_kernels += std::string_view(function.name()).starts_with("mkldnn::_convolution_pointwise") ? 1 : 0;
  return nullptr;
}

int fused_in(Network& network, const at::Tensor& images) {
  fused_kernels = 0;
  const auto handle = at::addThreadLocalCallback(at::RecordFunctionCallback(count_fused));
  network.forward(images, pass_of(images.size(0)));
  at::removeCallback(handle);
  return fused_kernels;
}

TEST(FusedConvolutions, RunOnlyInFloat32WithoutAGradient) {
  if (!at::get_cpu_capability().starts_with("AVX")) GTEST_SKIP() << "this processor has no AVX2";
  const OneThread one_thread;
  const auto net = build_in(at::kFloat, "resnet-20");
  const at::Tensor images = random_images(2).to(at::kFloat);
  EXPECT_EQ(fused_in(*net, images), 21) << "a stem, nine blocks of two, two shortcuts";
  EXPECT_EQ(fused_in(*net, images.clone().set_requires_grad(true)), 0);
  EXPECT_EQ(fused_in(*build_in(at::kDouble, "resnet-20"), images.to(at::kDouble)), 0);
  const AutocastScope bf16(at::kCPU, at::kBFloat16);
  EXPECT_EQ(fused_in(*net, images), 0);
}

/// oneDNN's own ReLU would answer.
TEST(FusedConvolutions, NoAnswerStaysNone) {
  const at::Tensor images = at::full({2, 3, 32, 32}, std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(build_in(at::kFloat, "resnet-8")->forward(images, pass_of(2)).logits.isnan().all().item<bool>());
}

}  // namespace
}  // namespace aigis
