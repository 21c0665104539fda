// Parameters and multiply-accumulates of every family, in closed form by hand and as others publish them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "models/list.h"

namespace aigis {
namespace {

/// What a network says of itself at the images and classes its depth was made for.
ModelCard card_of(const std::string& text) {
  const Spec spec = Spec::parse(text);
  const auto [family, depth] = find_architecture(spec.name);
  NetworkShape shape = standard_shape(*family, depth);
  shape.is_drawn = false;  // drawing 60 million weights takes longer than counting them
  return make_network(spec, shape)->card();
}

// ---- 32x32 images -----------------------------------------------------------------------------------------------

int64_t conv(int64_t in, int64_t out, int64_t k) { return in * out * k * k; }
/// BatchNorm has two numbers a channel.
int64_t conv_norm(int64_t in, int64_t out, int64_t k) { return conv(in, out, k) + 2 * out; }

/// He et al.'s network by hand: 3x3 convolutions of 16, 32 and 64 channels, two a block, 1x1 shortcuts with BatchNorm,
/// and the last layer.
int64_t resnet_parameters(int64_t n) {
  int64_t sum = conv_norm(3, 16, 3) + 2 * n * conv_norm(16, 16, 3);
  sum += conv_norm(16, 32, 3) + (2 * n - 1) * conv_norm(32, 32, 3) + conv_norm(16, 32, 1);
  sum += conv_norm(32, 64, 3) + (2 * n - 1) * conv_norm(64, 64, 3) + conv_norm(32, 64, 1);
  return sum + 64 * 10 + 10;
}

/// The same convolutions, 1x1 shortcuts bare. BatchNorm stands before a block instead of behind its last convolution:
/// none before the first, which the stem's serves, but one behind the last block, so that their sizes add up to the
/// same.
int64_t preresnet_parameters(int64_t n) { return resnet_parameters(n) - 2 * 32 - 2 * 64; }

int64_t gate(int64_t channels) { return channels * 16 + 16 + 16 * 2 + 2; }

int64_t gate_parameters(int64_t n) {
  return n * gate(16) + gate(16) + (n - 1) * gate(32) + gate(32) + (n - 1) * gate(64);
}

TEST(SmallSizes, ParametersInClosedForm) {
  for (const int64_t depth : {8, 20, 32, 110}) {
    const int64_t n = (depth - 2) / 6;
    EXPECT_EQ(card_of(fmt::format("resnet-{}", depth)).parameters, resnet_parameters(n));
    EXPECT_EQ(card_of(fmt::format("resnet-{}:shortcut=identity", depth)).parameters,
              resnet_parameters(n) - conv_norm(16, 32, 1) - conv_norm(32, 64, 1));
    EXPECT_EQ(card_of(fmt::format("stochastic-depth-{}", depth)).parameters, resnet_parameters(n));
    EXPECT_EQ(card_of(fmt::format("preresnet-{}", depth)).parameters, preresnet_parameters(n));
    EXPECT_EQ(card_of(fmt::format("aig-{}", depth)).parameters, resnet_parameters(n) + gate_parameters(n));
  }
  EXPECT_NEAR(static_cast<double>(card_of("aig-110").parameters), 1.765e6, 0.005e6);
  // He et al. 2015, table 6: 0.27 M and 1.7 M.
  EXPECT_NEAR(static_cast<double>(card_of("resnet-20:shortcut=identity").parameters), 0.27e6, 0.005e6);
  EXPECT_NEAR(static_cast<double>(card_of("resnet-110:shortcut=identity").parameters), 1.7e6, 0.05e6);
}

TEST(SmallSizes, MacsOf110) {
  const ModelCard card = card_of("aig-110");
  ASSERT_EQ(card.gated.size(), 54u);
  int64_t branches = 0, gates = 0;
  for (const auto& layer : card.gated) {
    branches += layer.macs;
    gates += layer.gate_macs;
  }
  EXPECT_EQ(card.gated[1].macs, 2 * 9 * 16 * 16 * 32 * 32);           // 4.72 M
  EXPECT_EQ(card.gated[18].macs, 9 * (16 * 32 + 32 * 32) * 16 * 16);  // 3.54 M: the first of a stage
  EXPECT_EQ(branches, 52 * 4718592 + 2 * 3538944);                    // 252.4 M
  EXPECT_EQ(card.macs_always - gates, 9 * 3 * 16 * 1024 + 16 * 32 * 256 + 32 * 64 * 64 + 640);  // 0.7 M
  EXPECT_EQ(card.gated[0].gate_macs, 16 * 16 + 16 * 2);
  for (const char* same : {"resnet-110", "preresnet-110", "stochastic-depth-110"}) {
    EXPECT_EQ(card_of(same).macs_full(), card.macs_full() - gates) << same;
    EXPECT_TRUE(card_of(same).gated.empty());
  }
}

TEST(SmallSizes, ALayerThatAlwaysRunsHasNoGate) {
  const ModelCard all = card_of("aig-8"), some = card_of("aig-8:target_rates=1:0.5:1");
  ASSERT_EQ(some.gated.size(), 1u);
  EXPECT_EQ(some.gated[0].name, "layer2.0");
  EXPECT_EQ(some.parameters, all.parameters - gate(16) - gate(32));
  EXPECT_EQ(some.macs_full(), all.macs_full() - (16 * 16 + 16 * 2) - (32 * 16 + 16 * 2));
  const int64_t plain = card_of("resnet-8").parameters;
  for (const char* none : {"aig-8:target_rates=1:1:1", "aig-8:target_rate=1"}) {
    EXPECT_EQ(card_of(none).gated.size(), 0u) << none;
    EXPECT_EQ(card_of(none).parameters, plain) << none;
    EXPECT_FALSE(card_of(none).has_random_gates) << none;
  }
}

/// Layer after layer: BatchNorm, 3x3 convolution, gate; 1x1 convolutions between stages.
TEST(SmallSizes, DenselyConnectedInClosedForm) {
  for (const auto& [depth, growth] : {std::pair<int64_t, int64_t>{22, 12}, {40, 12}, {10, 4}}) {
    int64_t channels = 2 * growth, side = 32, parameters = conv(3, channels, 3),
            macs = conv(3, channels, 3) * side * side;
    for (int stage = 1; stage <= 3; ++stage) {
      for (int64_t i = 0; i < (depth - 4) / 3; ++i, channels += growth) {
        parameters += 2 * channels + conv(channels, growth, 3) + gate(channels);
        macs += conv(channels, growth, 3) * side * side + channels * 16 + 16 * 2;
      }
      if (stage == 3) break;
      parameters += 2 * channels + conv(channels, channels, 1);
      macs += conv(channels, channels, 1) * side * side;
      side /= 2;
    }
    const ModelCard card = card_of(fmt::format("dense-aig-{}:growth={}", depth, growth));
    EXPECT_EQ(card.parameters, parameters + 2 * channels + channels * 10 + 10);
    EXPECT_EQ(card.macs_full(), macs + channels * 10);
    EXPECT_EQ(card.gated.size(), static_cast<size_t>(depth - 4));
  }
}

// ---- ImageNet ----------------------------------------------------------------------------------------------------

struct Published {
  int64_t depth, parameters;
  double torchvision, paper;  ///< 10^9 multiply-accumulates, from torchvision's model cards and He et al. 2015, table 1
};

class ImageNetSizes : public ::testing::TestWithParam<Published> {};

TEST_P(ImageNetSizes, AreThosePublished) {
  const auto [depth, parameters, torchvision, paper] = GetParam();
  const ModelCard card = card_of(fmt::format("resnet-{}", depth));
  EXPECT_EQ(card.parameters, parameters);
  EXPECT_NEAR(static_cast<double>(card.macs_full()) / 1e9, torchvision, 0.0005);
  const ModelCard original = card_of(fmt::format("resnet-{}:stride_at=conv1", depth));
  EXPECT_EQ(original.parameters, parameters);
  EXPECT_NEAR(static_cast<double>(original.macs_full()) / 1e9, paper, 0.07);
  // The first 1x1 convolution of three stages sees a quarter of the pixels.
  const int64_t saved = conv(256, 128, 1) * (56 * 56 - 28 * 28) + conv(512, 256, 1) * (28 * 28 - 14 * 14) +
                        conv(1024, 512, 1) * (14 * 14 - 7 * 7);
  EXPECT_EQ(card.macs_full() - original.macs_full(), depth >= 50 ? saved : 0);
  EXPECT_EQ(card_of(fmt::format("stochastic-depth-{}", depth)).parameters, parameters);
}

/// Blocks of each stage by hand: 56, 28, 14 and 7 pixels wide, of 64, 128, 256 and 512 channels.
struct ImageNetCount {
  int64_t macs = conv(3, 64, 7) * 112 * 112;
  int64_t gate_macs = 0, gate_parameters = 0;
  std::vector<int64_t> blocks;

  ImageNetCount(const std::vector<int64_t>& stages, bool bottleneck) {
    int64_t in = 64;
    for (size_t s = 0; s < 4; ++s) {
      const int64_t width = int64_t{64} << s, side = int64_t{56} >> s, out = bottleneck ? 4 * width : width;
      for (int64_t i = 0; i < stages[s]; ++i) {
        const int64_t before = i == 0 && s > 0 ? 2 * side : side, pixels = side * side;
        blocks.push_back(bottleneck ? conv(in, width, 1) * before * before + conv(width, width, 3) * pixels +
                                          conv(width, out, 1) * pixels
                                    : conv(in, width, 3) * pixels + conv(width, width, 3) * pixels);
        macs += blocks.back() + (in != out ? conv(in, out, 1) * pixels : 0);
        gate_macs += in * 16 + 16 * 2;
        gate_parameters += gate(in);
        in = out;
      }
    }
    macs += in * 1000;
  }
};

TEST(ImageNetMacs, InClosedForm) {
  for (const auto& [depth, stages] :
       std::map<int64_t, std::vector<int64_t>>{{34, {3, 4, 6, 3}}, {50, {3, 4, 6, 3}}, {101, {3, 4, 23, 3}}}) {
    const ImageNetCount count(stages, depth > 34);
    const ModelCard plain = card_of(fmt::format("resnet-{}", depth)), aig = card_of(fmt::format("aig-{}", depth));
    EXPECT_EQ(plain.macs_full(), count.macs) << depth;
    EXPECT_EQ(card_of(fmt::format("stochastic-depth-{}", depth)).macs_full(), count.macs) << depth;
    EXPECT_EQ(aig.macs_full(), count.macs + count.gate_macs) << depth;
    EXPECT_EQ(aig.parameters, plain.parameters + count.gate_parameters) << depth;
    ASSERT_EQ(aig.gated.size(), count.blocks.size()) << depth;
    for (size_t l = 0; l < count.blocks.size(); ++l) EXPECT_EQ(aig.gated[l].macs, count.blocks[l]) << depth << " " << l;
  }
}

INSTANTIATE_TEST_SUITE_P(Depths, ImageNetSizes,
                         ::testing::Values(Published{18, 11'689'512, 1.814, 1.8}, Published{34, 21'797'672, 3.664, 3.6},
                                           Published{50, 25'557'032, 4.089, 3.8},
                                           Published{101, 44'549'160, 7.801, 7.6},
                                           Published{152, 60'192'808, 11.514, 11.3}),
                         [](const auto& p) { return std::to_string(p.param.depth); });

TEST(AigSizes, GatesAtImageNetDepths) {
  // Channels of the blocks' inputs, summed.
  const int64_t ends = 64 + 2 * 256 + 256 + 3 * 512 + 512 + 1024 + 2 * 2048;
  const int64_t of_50 = 16 * (ends + 5 * 1024) + 16 * 50, of_101 = 16 * (ends + 22 * 1024) + 33 * 50;
  EXPECT_EQ(card_of("aig-50").parameters, 25'557'032 + of_50);
  EXPECT_EQ(card_of("aig-50").parameters, 25'767'752);
  EXPECT_EQ(card_of("aig-101").parameters, 44'549'160 + of_101);
  EXPECT_EQ(card_of("aig-101").parameters, 45'039'258);
  const ModelCard card = card_of("aig-50");
  ASSERT_EQ(card.gated.size(), 16u);
  EXPECT_EQ(card.gated[0].macs, (64 * 64 + 9 * 64 * 64 + 64 * 256) * 56 * 56);
  EXPECT_EQ(card.gated[1].gate_macs, 256 * 16 + 16 * 2);
  EXPECT_EQ(card.gated[3].macs, 256 * 128 * 56 * 56 + (9 * 128 * 128 + 128 * 512) * 28 * 28);
  int64_t gates = 0;
  for (const auto& layer : card.gated) gates += layer.gate_macs;
  EXPECT_EQ(card.macs_full() - gates, card_of("resnet-50").macs_full());
}

}  // namespace
}  // namespace aigis
