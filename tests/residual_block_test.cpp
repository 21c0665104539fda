// Residual blocks: closed layers left out, layers dropped in training, and gradients against differences.
#include <ATen/Context.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "lib/ops/bucket.h"
#include "models/parts/run_block.h"
#include "tests/networks.h"

namespace aigis {
namespace {

// ---- skipping -----------------------------------------------------------------------------------------------------

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

/// Buckets too small (rates too low), as they should be, and too large to pay give what masking gives.
TEST(Buckets, GiveWhatMaskingGives) {
  const OneThread one_thread;
  const at::TensorOptions real(at::kDouble);
  const int64_t count = 60;
  const at::Tensor images = random_images(count);
  const std::vector<Pass> passes{pass_of(count), with_graph(count, at::zeros({6}, real)),
                                 with_graph(count, at::ones({6}, real)),
                                 with_graph(count, at::tensor({1, 0, 1, 1, 0, 1}, real))};
  const auto mask = build_frozen("aig-14:execution=mask");
  for (const double rate : {0.02, 0.3, 0.98}) {
    const auto bucket = build_frozen("aig-14:execution=bucket", std::vector<double>(6, rate));
    for (const Pass& pass : passes) {
      const Output expected = mask->forward(images, pass), output = bucket->forward(images, pass);
      EXPECT_TRUE(at::allclose(output.logits, expected.logits, 1e-10, 1e-10)) << rate;
      EXPECT_TRUE(at::equal(output.gates.open, expected.gates.open)) << rate;
    }
  }
}

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

/// The whole network on a GPU, against masks on the CPU.
TEST(Buckets, GiveWhatMaskingGivesOnCuda) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
  const at::Tensor images = random_images(60);
  const Output expected = build_frozen("aig-14:execution=mask")->forward(images, pass_of(60));
  for (const char* execution : {"skip", "bucket"}) {
    for (const double rate : {0.02, 0.3}) {
      const auto net = build_frozen(std::string("aig-14:execution=") + execution, std::vector<double>(6, rate));
      net->move_to(at::kCUDA, at::kDouble);
      const Output output = net->forward(images.to(at::kCUDA), pass_of(60));
      EXPECT_TRUE(at::allclose(output.logits.cpu(), expected.logits, 1e-8, 1e-8)) << execution << rate;
      EXPECT_TRUE(at::equal(output.gates.open.cpu(), expected.gates.open)) << execution << rate;
    }
  }
}

TEST(Buckets, HaveRoomForWhatIsExpected) {
  EXPECT_EQ(bucket_room(256, 0.5), 160);    // 128 + 4 x 8, in steps of 16
  EXPECT_EQ(bucket_room(1024, 0.25), 320);  // 256 + 4 x 13.9 = 311.4, in steps of 64
  EXPECT_EQ(bucket_room(256, 0.9), 256);    // 230 + 19 is more than nine tenths
  EXPECT_EQ(bucket_room(256, 0), 16);
  EXPECT_EQ(bucket_room(8, 0.5), 8);
  EXPECT_EQ(bucket_room(0, 0.5), 0);
}

/// On a device: the order of a bucket, its count, its overflow, and rows moved there and back.
void check_buckets(at::Device device) {
  const at::TensorOptions whole(at::kInt);
  for (const int64_t count : {1, 6, 31, 1024, 2500}) {
    const at::Tensor open = at::arange(count).mul(7).remainder(5).lt(2).to(at::kFloat);  // two of five
    const int64_t opened = open.sum().item<int64_t>();
    const at::Tensor order = at::cat({open.nonzero().flatten(), (1 - open).nonzero().flatten()}).to(at::kInt);
    for (const int64_t room : {count, (opened + count) / 2, opened, opened / 2}) {
      if (room == 0) continue;
      const at::Tensor overflow = at::zeros({1}, whole.device(device));
      const Bucket bucket = fill_bucket(open.to(device), room, overflow);
      EXPECT_TRUE(at::equal(bucket.rows.cpu(), order.slice(0, 0, room))) << count << " " << room;
      EXPECT_EQ(bucket.count.item<int32_t>(), opened);
      EXPECT_EQ(overflow.item<int32_t>(), opened > room);
      for (const bool channels_last : {false, true}) {
        for (const int64_t side : {1, 3, 4}) {  // rows of 12, 108 and 192 bytes
          at::Tensor x =
              at::arange(count * 3 * side * side, at::TensorOptions(at::kFloat)).view({count, 3, side, side});
          if (channels_last) x = x.contiguous(at::MemoryFormat::ChannelsLast);
          const at::Tensor rows = order.slice(0, 0, room).to(at::kLong), moved = x.to(device, at::kFloat, false, true);
          const at::Tensor inside = gather_bucket(moved, bucket);
          EXPECT_TRUE(at::equal(inside.cpu(), x.index_select(0, rows)));
          scatter_bucket(moved, bucket, inside * -1);
          at::Tensor expected = x.clone();
          const at::Tensor filled = rows.slice(0, 0, std::min(room, opened));
          expected.index_copy_(0, filled, -x.index_select(0, filled));
          EXPECT_TRUE(at::equal(moved.cpu(), expected));
        }
      }
    }
  }
}

TEST(Buckets, HoldOpenRowsFirst) { check_buckets(at::kCPU); }

TEST(Buckets, HoldOpenRowsFirstOnCuda) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
  if (!has_buckets(at::kCUDA)) GTEST_SKIP() << "built without a CUDA compiler";
  check_buckets(at::kCUDA);
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

// ---- stochastic depth ----------------------------------------------------------------------------------------------

TEST(StochasticDepth, SurvivalOfOneIsTheResidualNetwork) {
  const at::Tensor images = random_images(3);
  EXPECT_TRUE(at::equal(build_frozen("stochastic-depth-8:survival=1")->forward(images, {}).logits,
                        build_frozen("resnet-8")->forward(images, {}).logits));
}

/// A dropped layer leaves its BatchNorm's running statistics alone: so often they must change.
TEST(StochasticDepth, LayersSurviveTrainingAsOftenAsTheyShould) {
  constexpr int kPasses = 300;
  constexpr double kMark = 1000;
  const auto net = build("stochastic-depth-8:survival=0.4");
  std::vector<at::Tensor> means;
  for (const auto& [name, tensor] : net->named_statistics()) {
    if (name.ends_with("0.bn1.running_mean")) means.push_back(tensor);
  }
  ASSERT_EQ(means.size(), 3u);
  const at::NoGradGuard no_grad;
  const at::Tensor images = random_images(2).to(at::kFloat).contiguous();
  std::vector<int> survived(3);
  for (uint32_t pass = 0; pass < kPasses; ++pass) {
    for (const auto& mean : means) mean.fill_(kMark);
    net->forward(images, {{1, Purpose::training_gates, 0, 0, pass}, ids_of(2)});
    for (size_t l = 0; l < 3; ++l) survived[l] += means[l][0].item<double>() == kMark ? 0 : 1;
  }
  for (size_t l = 0; l < 3; ++l) {
    const double p = 1 - static_cast<double>(l + 1) / 3 * 0.6;
    EXPECT_NEAR(static_cast<double>(survived[l]) / kPasses, p, 5 * std::sqrt(p * (1 - p) / kPasses)) << l;
  }
}

// ---- blocks --------------------------------------------------------------------------------------------------------

/// Derivatives along random directions, gates given, against central differences in float64.
void expect_numerical_gradients(const ResidualBlock& block, const std::string& what) {
  auto generator = at::detail::createCPUGenerator(3);
  const at::TensorOptions real(at::kDouble);
  const Factor gates{at::tensor({1.0, 0.0, 1.0}, real)};
  // From 0.1 on, as if from a ReLU.
  const at::Tensor x = (at::rand({3, block.shape.in, block.shape.side, block.shape.side}, generator, real) + 0.1)
                           .set_requires_grad(true);
  Running mask{Execution::mask}, skip{Execution::skip};
  const at::Tensor y = run_block(block, x, gates, mask);
  const at::Tensor weights = at::rand(y.sizes(), generator, real) * 2 - 1;
  (y * weights).sum().backward();
  const at::NoGradGuard no_grad;
  // Its input may be overwritten.
  EXPECT_TRUE(at::allclose(run_block(block, x.clone(), gates, skip), y, 1e-12, 1e-12)) << what;
  const auto value = [&](const at::Tensor& z) {
    return (run_block(block, z, gates, skip) * weights).sum().item<double>();
  };
  for (int i = 0; i < 4; ++i) {
    const at::Tensor direction = at::rand(x.sizes(), generator, real) * 2 - 1;
    constexpr double h = 1e-7;  // so small that hardly a ReLU switches between the two
    const double numerical = (value(x + h * direction) - value(x - h * direction)) / (2 * h);
    EXPECT_NEAR((x.grad() * direction).sum().item<double>(), numerical, 1e-5 * std::abs(numerical) + 1e-6) << what;
  }
}

TEST(Blocks, GradientsAreThoseOfDifferences) {
  const BlockShape same{"b", 8, 8, 8, 1, 6}, halves{"b", 8, 16, 16, 2, 6}, wide{"b", 16, 4, 16, 1, 6},
      wide_halves{"b", 16, 8, 32, 2, 6};
  const auto check = [](const std::string& what, const auto& make) {
    Weights weights(5, true);
    const auto block = make(weights);
    auto generator = at::detail::createCPUGenerator(9);
    for (const auto& [name, tensor] : weights.statistics()) {
      tensor.copy_(at::rand(tensor.sizes(), generator) + (name.ends_with("running_var") ? 0.5 : -0.5));
    }
    weights.move_to(at::kCPU, at::kDouble);
    expect_numerical_gradients(*block, what);
    weights.require_gradients(false);
    block->fold();
    expect_numerical_gradients(*block, what + ", folded");
  };
  for (const BlockShape& shape : {same, halves, wide, wide_halves}) {
    for (const Shortcut shortcut : {Shortcut::conv, Shortcut::identity}) {
      for (const StrideAt stride : {StrideAt::conv1, StrideAt::conv2}) {
        const std::string what = fmt::format("post-activation {} to {}, shortcut {}, stride {}", shape.in, shape.out,
                                             int(shortcut), int(stride));
        check(what, [&](Weights& weights) {
          return std::make_unique<PostActivationBlock>(weights, shape, shortcut, stride);
        });
      }
    }
  }
  check("pre-activation", [&](Weights& weights) { return std::make_unique<PreActivationBlock>(weights, same, false); });
  check("pre-activation, first",
        [&](Weights& weights) { return std::make_unique<PreActivationBlock>(weights, same, true); });
  check("pre-activation, halving",
        [&](Weights& weights) { return std::make_unique<PreActivationBlock>(weights, halves, false); });
}

}  // namespace
}  // namespace aigis
