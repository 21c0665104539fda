// How an image is cut to size.
#include "lib/data/image_file.h"

#include <algorithm>

#include "tests/pictures.h"

namespace aigis {
namespace {

TEST(ImageFile, IsResizedByItsShorterSideAndCropped) {
  const RgbImage exact = picture(16, 16, 3);
  expect_same(resize_and_crop(exact, 16, 16), exact, "unchanged");

  const RgbImage wide = resize_and_crop(picture(16, 29, 3), 16, 16);  // cropped alone: 6 columns left, 7 right
  const RgbImage source = picture(16, 29, 3);
  for (int64_t y = 0; y < 16; ++y) {
    for (int64_t x = 0; x < 48; ++x) {
      ASSERT_EQ(wide.pixels[static_cast<size_t>(y * 48 + x)], source.pixels[static_cast<size_t>((y * 29 + 6) * 3 + x)]);
    }
  }

  // Halved by area: each pixel is the mean of four. Of the 25x16 that are left the middle, 16x16 or 10x10.
  const RgbImage tall = picture(50, 32, 1);
  for (const int64_t size : {16, 10}) {
    const RgbImage half = resize_and_crop(tall, 16, size);
    ASSERT_EQ(half.pixels.size(), static_cast<size_t>(3 * size * size));
    const int64_t top = (25 - size) / 2, left = (16 - size) / 2;
    for (int64_t y = 0; y < size; ++y) {
      for (int64_t x = 0; x < size; ++x) {
        for (int64_t c = 0; c < 3; ++c) {
          const auto at = [&](int64_t dy, int64_t dx) -> int {
            return tall.pixels[static_cast<size_t>(((2 * (y + top) + dy) * 32 + 2 * (x + left) + dx) * 3 + c)];
          };
          const double mean = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0;
          ASSERT_NEAR(half.pixels[static_cast<size_t>((y * size + x) * 3 + c)], mean, 0.51) << size;
        }
      }
    }
  }

  // Grown bilinearly: between the values of its neighbours, and a constant stays one.
  // A strip is as good as its middle: 65 * 1000 pixels in a row would be 12 GB at 250 rows.
  RgbImage strip{1, 65'000, std::vector<uint8_t>(3 * 65'000, 7)};
  std::fill_n(strip.pixels.begin() + 3 * 32'490, 3 * 20, uint8_t{200});
  const RgbImage middle = resize_and_crop(strip, 250, 250);
  EXPECT_EQ(middle.pixels, std::vector<uint8_t>(3 * 250 * 250, 200));

  const RgbImage one = resize_and_crop({1, 1, {10, 20, 30}}, 8, 8);
  ASSERT_EQ(one.pixels.size(), 192u);
  for (size_t i = 0; i < 192; ++i) ASSERT_EQ(one.pixels[i], 10 * (i % 3 + 1));
  const RgbImage pair = resize_and_crop({2, 2, {0, 0, 0, 80, 80, 80, 0, 0, 0, 80, 80, 80}}, 8, 8);
  const std::vector<int> ramp = {0, 0, 10, 30, 50, 70, 80, 80};  // centres of the source at 1.5 and 5.5
  for (size_t x = 0; x < 8; ++x) EXPECT_NEAR(pair.pixels[3 * x], ramp[x], 1) << x;
}

}  // namespace
}  // namespace aigis
