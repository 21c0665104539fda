#include "lib/data/image_change.h"

#include <cmath>

namespace aigis {
namespace {

/// An integer of 0 … count-1, each equally likely.
int64_t uniform_below(uint32_t word, int64_t count) {
  return static_cast<int64_t>((uint64_t{word} * static_cast<uint64_t>(count)) >> 32);
}

/// A box of random area and aspect within the picture; all of it where ten tries find none.
Box random_box(PhiloxKey key, uint64_t id, int64_t height, int64_t width) {
  constexpr double kLeastArea = 0.08;
  constexpr uint32_t kFirstBlock = 2;  // those before are for shifts and cutout
  for (uint32_t attempt = 0; attempt < 10; ++attempt) {
    const auto words = draw_block(key, id, 0, kFirstBlock + attempt);
    const double share = kLeastArea + (1 - kLeastArea) * open_uniform(words[0]);
    const double area = share * static_cast<double>(height * width);
    const double aspect = std::pow(4.0 / 3, 2 * open_uniform(words[1]) - 1);  // width over height
    const auto w = static_cast<int64_t>(std::lround(std::sqrt(area * aspect)));
    const auto h = static_cast<int64_t>(std::lround(std::sqrt(area / aspect)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return {uniform_below(words[2], height - h + 1), uniform_below(words[3], width - w + 1), h, w};
  }
  return {0, 0, height, width};
}

}  // namespace

ImageChange draw_change(PhiloxKey key, uint64_t id, int64_t height, int64_t width, const Augmentation& kinds) {
  const auto words = draw_block(key, id, 0, 0);
  ImageChange change{{0, 0, height, width}};
  if (kinds.crop == Crop::padded) {
    change.box.left = uniform_below(words[0], 2 * kCropPadding + 1) - kCropPadding;
    change.box.top = uniform_below(words[1], 2 * kCropPadding + 1) - kCropPadding;
  }
  if (kinds.crop == Crop::resized) change.box = random_box(key, id, height, width);
  if (kinds.crop != Crop::none) change.mirror = (words[2] & 1) == 1;
  if (kinds.cutout > 0) {
    const auto centre = draw_block(key, id, 0, 1);
    change.hidden_row = uniform_below(centre[0], height);
    change.hidden_column = uniform_below(centre[1], width);
  }
  return change;
}

}  // namespace aigis
