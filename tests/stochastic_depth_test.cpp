// Layers that training leaves out at random.
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/networks.h"

namespace aigis {
namespace {

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

}  // namespace
}  // namespace aigis
