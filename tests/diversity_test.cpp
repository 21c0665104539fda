// Input diversity against LibTorch's bilinear resize, and sizes that are refused.
#include "attacks/parts/diversity.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "attacks/parts/random.h"
#include "tests/attacks.h"
#include "tests/messages.h"

namespace aigis {
namespace {

// Every image of random size and place is the bilinear resize of at::upsample_bilinear2d between zeros.
TEST(Diversity, ResizesAndPads) {
  const at::Tensor images = drawn({200, 3, 10, 10}, 5), ids = at::arange(200, at::TensorOptions(at::kLong));
  const at::Tensor made = diversified(images, ids, {.probability = 0.5, .size = 0.7}, {3, Purpose::attack});
  int64_t untouched = 0;
  std::array<int64_t, 10> sizes{};
  for (int64_t i = 0; i < 200; ++i) {
    if (at::equal(made[i], images[i])) {
      ++untouched;
      continue;
    }
    const at::Tensor filled = made[i].abs().sum(0);
    const at::Tensor rows = filled.sum(1).nonzero(), columns = filled.sum(0).nonzero();
    const int64_t size = rows.size(0), top = rows[0].item<int64_t>(), left = columns[0].item<int64_t>();
    ASSERT_EQ(columns.size(0), size);
    ++sizes[static_cast<size_t>(size)];
    const at::Tensor expected = at::upsample_bilinear2d(images.slice(0, i, i + 1), {size, size}, false)[0];
    EXPECT_TRUE(at::allclose(made[i].slice(1, top, top + size).slice(2, left, left + size), expected, 1e-9, 1e-9)) << i;
  }
  EXPECT_NEAR(static_cast<double>(untouched), 100, 5 * std::sqrt(50.0));
  for (const size_t size : {7, 8, 9}) EXPECT_GT(sizes[size], 10) << size;
  EXPECT_EQ(sizes[6] + sizes[5], 0);
}

TEST(Diversity, EnlargesPadsAndShrinksBack) {
  const Stream stream{3, Purpose::attack};
  const at::Tensor images = drawn({60, 3, 10, 12}, 5), ids = at::arange(60, at::TensorOptions(at::kLong));
  const at::Tensor made = diversified(images, ids, {.probability = 0.5, .size = 1.5}, stream);
  const at::Tensor draws = uniform_numbers(ids, 4, stream, Use::diversity);
  int64_t untouched = 0;
  for (int64_t i = 0; i < 60; ++i) {
    const auto below = [&](int64_t count, int64_t k) {
      return static_cast<int64_t>(draws[i][k].item<double>() * static_cast<double>(count));
    };
    if (draws[i][0].item<double>() >= 0.5) {
      ++untouched;
      EXPECT_TRUE(at::equal(made[i], images[i])) << i;
      continue;
    }
    const int64_t height = 10 + below(5, 1), width = 12 + below(6, 1);
    const int64_t top = below(15 - height, 2), left = below(18 - width, 3);
    const at::Tensor padded = at::zeros({1, 3, 15, 18}, images.options());
    padded.slice(2, top, top + height)
        .slice(3, left, left + width)
        .copy_(at::upsample_bilinear2d(images.slice(0, i, i + 1), {height, width}, false));
    EXPECT_TRUE(at::allclose(made[i], at::upsample_bilinear2d(padded, {10, 12}, false)[0], 1e-9, 1e-9)) << i;
  }
  EXPECT_NEAR(static_cast<double>(untouched), 30, 5 * std::sqrt(15.0));
}

/// What a check says of an attack on images of such a size.
std::string said_of(const std::string& attack, int64_t height, int64_t width) {
  ModelCard card;
  card.classes = 10;
  card.input = {3, height, width};
  return message_of([&] { make_attack(attack)->check(card); });
}

TEST(Diversity, ThatResizesNothingIsRefused) {
  for (const std::string size : {"1", "1.01", "1.03"}) {
    expect_contains(said_of("di-fgsm:diversity_size=" + size, 32, 32), "enough for 33 pixels");
  }
  for (const std::string size : {"0.99", "1.04", "1.1"}) {
    EXPECT_EQ(said_of("ti-fgsm:diversity=0.5,diversity_size=" + size, 32, 32), "no error") << size;
  }
}

TEST(Diversity, ThatLeavesNoPixelIsRefused) {
  EXPECT_EQ(said_of("di-fgsm:diversity_size=0.1", 32, 9),
            "option 'diversity_size': 0.1 of 9 pixels, rounded down, are none; expected enough for 1 pixel");
  EXPECT_EQ(said_of("di-fgsm:diversity_size=0.1", 10, 10), "no error");
}

}  // namespace
}  // namespace aigis
