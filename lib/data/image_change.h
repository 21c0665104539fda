// What augmentation does to one image, drawn from random numbers of its own.
#pragma once

#include <algorithm>

#include "lib/core/philox.h"
#include "lib/data/augment.h"

namespace aigis {

/// A part of a picture, in pixels.
struct Box {
  int64_t top = 0, left = 0, height = 0, width = 0;
};

struct ImageChange {
  Box box;                                    ///< becomes the picture; what of it lies outside is black
  bool mirror = false;                        ///< left and right change sides
  int64_t hidden_row = 0, hidden_column = 0;  ///< centre of cutout's square
};

/// `key` is that of the stream, `id` the image's.
ImageChange draw_change(PhiloxKey key, uint64_t id, int64_t height, int64_t width, const Augmentation& kinds);

/// A pixel of a side that is resized, between two of those that it is made of: `high` counts `share` parts of all,
/// `low` the others. In whole numbers, so that every device finds the same.
struct Between {
  int64_t low = 0, high = 0;
  int32_t share = 0;
};

/// The number of parts in which shares of a side of `size` pixels are counted. Up to 1024 pixels a byte times those of
/// both sides fits into 31 bits.
constexpr int32_t parts_of(int64_t size) { return static_cast<int32_t>(2 * size); }

/// Pixel `to` of a side of `size` that was `from` pixels long, bilinearly and without antialiasing.
inline Between between(int64_t to, int64_t size, int64_t from) {
  const int64_t parts = parts_of(size);
  const int64_t at = std::clamp<int64_t>((2 * to + 1) * from - size, 0, (from - 1) * parts);
  return {at / parts, std::min(at / parts + 1, from - 1), static_cast<int32_t>(at % parts)};
}

constexpr float kByteUnit = 1.0f / 255;  ///< what a byte is worth in [0, 1]
constexpr float kHiddenGrey = 0.5f;

/// What the sums are worth by which a picture of this size is resized: bytes times the parts of both sides.
inline float resized_unit(int64_t height, int64_t width) {
  return static_cast<float>(1 / (255.0 * parts_of(height) * parts_of(width)));
}

}  // namespace aigis
