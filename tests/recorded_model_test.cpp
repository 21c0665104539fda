// Recorded passes against the passes themselves. On a CPU a recording runs its functions again, so all but CUDA's part
// of it is seen here.
#include "lib/eval/recorded_model.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>

#include <cctype>

#include "lib/eval/bf16_gradients.h"
#include "tests/attacks.h"
#include "tests/recorded_pair.h"

namespace aigis {
namespace {

/// Batches of several sizes in turns, each time other images and other noise.
void compare(const std::string& spec, at::Device device, double tolerance) {
  const Pair pair(spec, device);
  for (const GateGradient gradient : kGateGradients) {
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
      }
    }
  }
  EXPECT_GT(pair.recorded->recordings(), 0);
  EXPECT_GT(pair.recorded->replays(), pair.recorded->recordings());
}

/// Graphs for each image, as of frozen gates, and one for all, as of open ones.
void compare_along_graphs(const std::string& spec, at::Device device, double tolerance) {
  const Pair pair(spec, device);
  const auto layers = static_cast<int64_t>(pair.bare->card().gated.size());
  for (uint64_t round = 0; round < 3; ++round) {
    const at::Tensor images = random_images(4, 1 + round).to(device);
    const at::Tensor graphs = drawn({4, layers}, round).gt(0).to(images.options());
    for (const at::Tensor& graph : {graphs, graphs[1]}) {
      SCOPED_TRACE(fmt::format("{} {} {}", spec, round, graph.dim()));
      const Pass pass = with_graph(4, graph);
      for (const bool of_gates : {false, true}) {
        expect_same(seen(*pair.bare, images, pass, of_gates), seen(*pair.recorded, images, pass, of_gates), tolerance);
      }
      const at::NoGradGuard no_grad;
      const Output output = pair.recorded->forward(images, pass);
      EXPECT_TRUE(same(output.logits, pair.bare->forward(images, pass).logits, tolerance));
      EXPECT_TRUE(same(output.gates.open, graph.expand({4, layers}), tolerance));
    }
  }
  EXPECT_EQ(pair.recorded->recordings(), 4) << "of each form, with a gradient and without";
}

/// Under gradients in bfloat16, where a kind of pass is met in two precisions.
void compare_in_bf16(const std::string& spec, at::Device device, double tolerance) {
  constexpr int64_t kCount = 6;  // in one unit: what is asked again in float32 is a whole batch, as a verdict is
  const Pair pair(spec, device, at::kFloat);
  Bf16Gradients bare(pair.bare), recorded(pair.recorded);
  for (uint64_t round = 0; round < 3; ++round) {
    SCOPED_TRACE(fmt::format("{} {}", spec, round));
    const at::Tensor images = random_images(kCount, 1 + round).to(device, at::kFloat);
    expect_same(seen(bare, images, pass_of(kCount), true), seen(recorded, images, pass_of(kCount), true), tolerance);
    const at::NoGradGuard no_grad;
    for (const bool rough : {true, false}) {
      Pass pass = pass_of(kCount);
      pass.rough = rough;
      EXPECT_TRUE(same(recorded.forward(images, pass).logits, bare.forward(images, pass).logits, tolerance)) << rough;
    }
  }
  EXPECT_EQ(pair.recorded->recordings(), 3) << "with a gradient, rough without one, and in float32";
}

class Recorded : public ::testing::TestWithParam<std::string> {};
class RecordedOnCuda : public Recorded {
 protected:
  void SetUp() override {
    if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
    if (!has_recordings(at::kCUDA)) GTEST_SKIP() << "built without a CUDA compiler";
  }
  const at::Device cuda_{at::kCUDA, 0};
};
class RecordedGates : public Recorded {};
class RecordedGatesOnCuda : public RecordedOnCuda {};

TEST_P(Recorded, AnswersAsTheModel) { compare(GetParam(), at::kCPU, 1e-12); }
TEST_P(Recorded, AnswersInBf16) { compare_in_bf16(GetParam(), at::kCPU, 1e-5); }

TEST_P(RecordedOnCuda, AnswersAsTheModel) { compare(GetParam(), cuda_, 1e-9); }
TEST_P(RecordedOnCuda, AnswersInBf16) { compare_in_bf16(GetParam(), cuda_, 5e-2); }

TEST_P(RecordedGates, AnswersAlongGraphs) { compare_along_graphs(GetParam(), at::kCPU, 1e-12); }
TEST_P(RecordedGatesOnCuda, AnswersAlongGraphs) { compare_along_graphs(GetParam(), cuda_, 1e-9); }

const auto kPlain = ::testing::Values("resnet-8", "preresnet-8", "stochastic-depth-8");
const auto kGated = ::testing::Values("dense-aig-7", "aig-8:gates=argmax", "aig-8:gates=sampled",
                                      "aig-8:gates=marginal", "aig-8:gates=scaled", "aig-8:gates=budget,layers=2");

std::string name_of(const ::testing::TestParamInfo<std::string>& network) {
  std::string name = network.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Plain, Recorded, kPlain, name_of);
INSTANTIATE_TEST_SUITE_P(Gated, Recorded, kGated, name_of);
INSTANTIATE_TEST_SUITE_P(Gated, RecordedGates, kGated, name_of);
INSTANTIATE_TEST_SUITE_P(Plain, RecordedOnCuda, kPlain, name_of);
INSTANTIATE_TEST_SUITE_P(Gated, RecordedOnCuda, kGated, name_of);
INSTANTIATE_TEST_SUITE_P(Gated, RecordedGatesOnCuda, kGated, name_of);

}  // namespace
}  // namespace aigis
