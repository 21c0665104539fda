// Augmentation against its definition.
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "lib/data/augment.h"

namespace aigis {
namespace {

std::string bytes_of(const at::Tensor& image) {
  const at::Tensor packed = image.contiguous();
  return {static_cast<const char*>(packed.const_data_ptr()), packed.nbytes()};
}

// Every result must be one of the 162 crops and flips of the zero-padded image, and all must be equally likely.
TEST(Augmentation, EveryCropAndFlipEquallyLikely) {
  constexpr int64_t kSide = 6, kDraws = 16'200;
  Dataset data;
  data.classes = {"a"};
  // One image whose pixels are all different and not 0, under many ids: each id is augmented in its own way.
  data.images = (at::arange(3 * kSide * kSide, at::TensorOptions(at::kLong)) + 1)
                    .to(at::kByte)
                    .view({1, 3, kSide, kSide})
                    .repeat({kDraws, 1, 1, 1});
  data.labels = at::zeros({kDraws}, at::TensorOptions(at::kLong));
  data.ids = at::arange(kDraws, at::TensorOptions(at::kLong));
  std::map<std::string, int64_t> expected;
  const at::Tensor padded = at::constant_pad_nd(data.images[0], {4, 4, 4, 4});
  for (int64_t y = 0; y < 9; ++y) {
    for (int64_t x = 0; x < 9; ++x) {
      const at::Tensor crop = padded.slice(1, y, y + kSide).slice(2, x, x + kSide);
      expected[bytes_of(crop)] = 0;
      expected[bytes_of(crop.flip({2}))] = 0;
    }
  }
  ASSERT_EQ(expected.size(), 162u);
  const Batch batch = augmented(data, at::arange(kDraws, at::TensorOptions(at::kLong)), {1, Purpose::augmentation});
  const at::Tensor bytes = (batch.images * 255).round().to(at::kByte);
  for (int64_t i = 0; i < kDraws; ++i) {
    const auto found = expected.find(bytes_of(bytes[i]));
    ASSERT_NE(found, expected.end()) << "not a crop of the padded image";
    ++found->second;
  }
  double chi_square = 0;
  constexpr double kMean = kDraws / 162.0;
  for (const auto& [image, count] : expected) {
    chi_square += (static_cast<double>(count) - kMean) * (static_cast<double>(count) - kMean) / kMean;
  }
  EXPECT_LT(chi_square, 236);  // the 1 - 1e-4 quantile of chi-square with 161 degrees of freedom is 236.6
  EXPECT_GT(chi_square, 105);  // and suspiciously even below its 1e-4 quantile
}

// A picture of two ramps tells which box was taken: its first and last values are those of the box's edges.
TEST(Augmentation, ResizedCropsAreOfAnyAreaAspectAndPlace) {
  constexpr int64_t kSide = 64, kDraws = 4000;
  const at::Tensor ramp = at::arange(kSide, at::TensorOptions(at::kByte)) * 3;
  const at::Tensor columns = ramp.view({1, kSide}).expand({kSide, kSide}), rows = columns.t();
  Dataset data;
  data.classes = {"a"};
  data.images = at::stack({columns, rows, columns}).unsqueeze(0).repeat({kDraws, 1, 1, 1});
  data.labels = at::zeros({kDraws}, at::TensorOptions(at::kLong));
  data.ids = at::arange(kDraws, at::TensorOptions(at::kLong));
  const Batch batch = augmented(data, data.ids, {2, Purpose::augmentation}, {.crop = Crop::resized});
  const at::Tensor x = batch.images.select(1, 0).select(1, 0) * 85, y = batch.images.select(1, 1).select(2, 0) * 85;
  std::array<int64_t, 10> areas{};
  int64_t mirrored = 0;
  double aspects = 0;
  for (int64_t i = 0; i < kDraws; ++i) {
    const double left = x[i][0].item<double>(), right = x[i][kSide - 1].item<double>();
    const double top = y[i][0].item<double>(), bottom = y[i][kSide - 1].item<double>();
    mirrored += right < left;
    // The middle of the first pixel of the result lies half a step inside the box, unless the border cuts it off there.
    const double width = std::abs(right - left) + 1, height = bottom - top + 1;
    EXPECT_GE(std::min(left, right), -1e-4);
    EXPECT_LE(std::max({left, right, bottom}), kSide - 1 + 1e-4);
    const double share = width * height / (kSide * kSide), aspect = width / height;
    EXPECT_GE(share, 0.06);
    EXPECT_GE(aspect, 0.70);
    EXPECT_LE(aspect, 1.43);
    ++areas[static_cast<size_t>(std::min(share, 0.999) * 10)];
    aspects += std::log(aspect);
  }
  EXPECT_NEAR(static_cast<double>(mirrored), kDraws / 2.0, 5 * std::sqrt(kDraws / 4.0));
  EXPECT_NEAR(aspects / kDraws, 0, 5 * 0.17 / std::sqrt(static_cast<double>(kDraws)));
  // Uniform in area below the sizes at which tall and wide boxes no longer fit.
  for (const size_t tenth : {2, 3, 4, 5}) EXPECT_NEAR(static_cast<double>(areas[tenth]), areas[3], 130) << tenth;
  EXPECT_GT(areas[9], 50);
}

// The same box as bilinear interpolation of the cut-out part gives.
TEST(Augmentation, ResizedCropIsBilinear) {
  Dataset data;
  data.classes = {"a"};
  data.images = (at::arange(3 * 20 * 20, at::TensorOptions(at::kLong)) * 89 % 251).to(at::kByte).view({1, 3, 20, 20});
  data.labels = at::zeros({1}, at::TensorOptions(at::kLong));
  data.ids = at::zeros({1}, at::TensorOptions(at::kLong));
  const at::Tensor made = augmented(data, data.ids, {3, Purpose::augmentation}, {.crop = Crop::resized}).images[0];
  bool found = false;
  for (int64_t h = 4; h <= 20 && !found; ++h) {
    for (int64_t w = 4; w <= 20 && !found; ++w) {
      for (int64_t top = 0; top + h <= 20 && !found; ++top) {
        for (int64_t left = 0; left + w <= 20 && !found; ++left) {
          const at::Tensor part = data.images.slice(2, top, top + h).slice(3, left, left + w).to(at::kFloat) / 255;
          const at::Tensor resized = at::upsample_bilinear2d(part, {20, 20}, false)[0];
          found = at::allclose(resized, made, 0, 1e-5) || at::allclose(resized.flip({2}), made, 0, 1e-5);
        }
      }
    }
  }
  EXPECT_TRUE(found);
}

// The hidden square of each image must be one around a pixel of the image, cut off at its border, and each pixel must
// be as often its centre.
TEST(Augmentation, CutoutHidesASquareAroundAnyPixel) {
  constexpr int64_t kSide = 6, kSquare = 4, kDraws = 3'600;
  Dataset data;
  data.classes = {"a"};
  data.images = at::zeros({kDraws, 3, kSide, kSide}, at::TensorOptions(at::kByte));
  data.labels = at::zeros({kDraws}, at::TensorOptions(at::kLong));
  data.ids = at::arange(kDraws, at::TensorOptions(at::kLong));
  const Batch batch = augmented(data, data.ids, {1, Purpose::augmentation}, {.crop = Crop::none, .cutout = kSquare});
  std::map<std::string, int64_t> counts;
  for (int64_t y = 0; y < kSide; ++y) {
    for (int64_t x = 0; x < kSide; ++x) {
      at::Tensor padded = at::zeros({3, kSide + 2 * kSquare, kSide + 2 * kSquare}, at::TensorOptions(at::kFloat));
      const int64_t top = kSquare + y - kSquare / 2, left = kSquare + x - kSquare / 2;
      padded.slice(1, top, top + kSquare).slice(2, left, left + kSquare).fill_(0.5);
      counts[bytes_of(padded.slice(1, kSquare, kSquare + kSide).slice(2, kSquare, kSquare + kSide))] = 0;
    }
  }
  ASSERT_EQ(counts.size(), 36u);
  for (int64_t i = 0; i < kDraws; ++i) {
    const auto found = counts.find(bytes_of(batch.images[i]));
    ASSERT_NE(found, counts.end()) << "not a square around a pixel";
    ++found->second;
  }
  double chi_square = 0;
  for (const auto& [image, count] : counts) chi_square += (count - 100.0) * (count - 100.0) / 100;
  EXPECT_LT(chi_square, 75.1);  // the 1 - 1e-4 quantile with 35 degrees of freedom is about 75.1
  EXPECT_GT(chi_square, 11.9);  // its 1e-4 quantile is about 11.9
}

TEST(Augmentation, OrderIsAPermutationThatChangesByEpoch) {
  const at::Tensor first = shuffled(1000, {1, Purpose::order, 0, 0, 0}),
                   second = shuffled(1000, {1, Purpose::order, 0, 0, 1});
  EXPECT_TRUE(at::equal(std::get<0>(first.sort()), at::arange(1000, at::TensorOptions(at::kLong))));
  EXPECT_FALSE(at::equal(first, second));
}

}  // namespace
}  // namespace aigis
