// The JPEG defense as tests make it, and images of whole levels for it.
#pragma once

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <string>

#include "defenses/list.h"
#include "lib/core/philox.h"

namespace aigis {

inline std::unique_ptr<Defense> jpeg(int64_t quality = 75, const std::string& subsampling = "4:2:0") {
  return find_entry(defense_list(), "defense", "jpeg")
      .make(Spec::parse(fmt::format("jpeg:quality={},subsampling={}", quality, subsampling)));
}

inline at::Tensor apply(const Defense& defense, const at::Tensor& images) { return defense.apply(images, Pass{}); }

/// One image [1, 3, H, W] of whole levels: noise, or smooth waves.
inline at::Tensor levels(int64_t height, int64_t width, bool smooth) {
  at::Tensor image = at::empty({1, 3, height, width}, at::kByte);
  uint8_t* pixel = image.mutable_data_ptr<uint8_t>();
  const PhiloxKey key = Stream{7, Purpose::synthetic}.key();
  for (int c = 0; c < 3; ++c) {
    for (int64_t i = 0; i < height * width; ++i) {
      const double wave =
          std::sin(0.11 * (c + 1) * static_cast<double>(i % width) + 0.07 * static_cast<double>(i / width) + c);
      *pixel++ = smooth ? static_cast<uint8_t>(std::lround(127.5 + 127.5 * wave))
                        : static_cast<uint8_t>(draw_word(key, 0, static_cast<uint32_t>(c), static_cast<uint32_t>(i)));
    }
  }
  return image;
}

inline at::Tensor as_float(const at::Tensor& bytes) { return bytes.to(at::kFloat).div(255); }
inline at::Tensor as_bytes(const at::Tensor& images) { return images.mul(255).round().to(at::kByte); }

}  // namespace aigis
