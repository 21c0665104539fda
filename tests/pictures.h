// Pictures that tests make, and their JPEG files.
#pragma once

#include <gtest/gtest.h>
#include <turbojpeg.h>

#include <string>
#include <vector>

#include "lib/data/jpeg_decode.h"

namespace aigis {

/// Height x width x 3 bytes that vary smoothly, or stripes of one colour for each seed.
inline RgbImage picture(int64_t height, int64_t width, int seed) {
  RgbImage image{height, width, {}};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.pixels.push_back(static_cast<uint8_t>((3 * x + 2 * y * (c + 1) + 41 * seed) % 256));
      }
    }
  }
  return image;
}

/// JPEG bytes of pixels in a TurboJPEG format. TurboJPEG stores TJPF_CMYK as YCCK with an Adobe marker.
inline std::string jpeg_bytes(const std::vector<uint8_t>& pixels, int64_t width, int64_t height, int format = TJPF_RGB,
                              int subsampling = TJSAMP_444, int quality = 95) {
  tjhandle handle = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(handle, pixels.data(), static_cast<int>(width), 0, static_cast<int>(height), format, &data,
                        &size, subsampling, quality, TJFLAG_ACCURATEDCT),
            0);
  std::string bytes(reinterpret_cast<char*>(data), size);
  tjFree(data);
  tjDestroy(handle);
  return bytes;
}

inline std::string jpeg_bytes(const RgbImage& image) { return jpeg_bytes(image.pixels, image.width, image.height); }

inline void expect_same(const RgbImage& actual, const RgbImage& expected, const std::string& what) {
  EXPECT_EQ(actual.height, expected.height) << what;
  EXPECT_EQ(actual.width, expected.width) << what;
  EXPECT_TRUE(actual.pixels == expected.pixels) << what;
}

}  // namespace aigis
