#include "lib/data/augment.h"

#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace aigis {
namespace {

/// One plane moved by (dx, dy), mirrored if asked, zero where it leaves the picture, in units of 1/255.
void shift_plane(const uint8_t* in, float* out, int64_t height, int64_t width, int64_t dx, int64_t dy, bool mirror) {
  for (int64_t row = 0; row < height; ++row) {
    const int64_t from_row = row + dy;
    float* line = out + row * width;
    if (from_row < 0 || from_row >= height) {
      std::fill(line, line + width, 0.0f);
      continue;
    }
    const uint8_t* source = in + from_row * width;
    for (int64_t column = 0; column < width; ++column) {
      const int64_t from = (mirror ? width - 1 - column : column) + dx;
      line[column] = from < 0 || from >= width ? 0.0f : static_cast<float>(source[from]) * (1.0f / 255);
    }
  }
}

/// An integer of 0 … count-1, each equally likely.
int64_t uniform_below(uint32_t word, int64_t count) {
  return static_cast<int64_t>((uint64_t{word} * static_cast<uint64_t>(count)) >> 32);
}

/// A part of a picture, in pixels.
struct Box {
  int64_t top, left, height, width;
};

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

/// A box of one plane brought to the whole plane's size, bilinearly and without antialiasing, in units of 1/255.
void resize_plane(const uint8_t* in, float* out, int64_t height, int64_t width, const Box& box, bool mirror) {
  const auto place = [](int64_t to, int64_t size, int64_t from) {
    const double at = (static_cast<double>(to) + 0.5) * static_cast<double>(from) / static_cast<double>(size) - 0.5;
    return std::clamp(at, 0.0, static_cast<double>(from - 1));
  };
  for (int64_t row = 0; row < height; ++row) {
    const double y = place(row, height, box.height);
    const auto y0 = static_cast<int64_t>(y), y1 = std::min(y0 + 1, box.height - 1);
    const double down = y - static_cast<double>(y0);
    const uint8_t* upper = in + (box.top + y0) * width + box.left;
    const uint8_t* lower = in + (box.top + y1) * width + box.left;
    for (int64_t column = 0; column < width; ++column) {
      const double x = place(mirror ? width - 1 - column : column, width, box.width);
      const auto x0 = static_cast<int64_t>(x), x1 = std::min(x0 + 1, box.width - 1);
      const double right = x - static_cast<double>(x0);
      const double above = upper[x0] * (1 - right) + upper[x1] * right;
      const double below = lower[x0] * (1 - right) + lower[x1] * right;
      out[row * width + column] = static_cast<float>((above * (1 - down) + below * down) / 255);
    }
  }
}

void hide_square(float* image, int64_t channels, int64_t height, int64_t width, int64_t side, int64_t row,
                 int64_t column) {
  constexpr float kGrey = 0.5f;
  const int64_t top = std::max<int64_t>(row - side / 2, 0), bottom = std::min(row - side / 2 + side, height);
  const int64_t left = std::max<int64_t>(column - side / 2, 0), right = std::min(column - side / 2 + side, width);
  for (int64_t c = 0; c < channels; ++c, image += height * width) {
    for (int64_t y = top; y < bottom; ++y) std::fill(image + y * width + left, image + y * width + right, kGrey);
  }
}

}  // namespace

Batch augmented(const Dataset& data, const at::Tensor& positions, const Stream& stream, const Augmentation& kinds) {
  const int64_t count = positions.size(0), channels = data.images.size(1);
  const int64_t height = data.images.size(2), width = data.images.size(3), plane = height * width;
  Batch batch{at::empty({count, channels, height, width}, at::TensorOptions(at::kFloat)),
              data.labels.index_select(0, positions), data.ids.index_select(0, positions)};
  const PhiloxKey key = stream.key();
  const int64_t* position = positions.const_data_ptr<int64_t>();
  const int64_t* id = batch.ids.const_data_ptr<int64_t>();
  const uint8_t* in = data.images.const_data_ptr<uint8_t>();
  float* out = batch.images.mutable_data_ptr<float>();
  at::parallel_for(0, count, 32, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto words = draw_block(key, static_cast<uint64_t>(id[i]), 0, 0);
      const bool moves = kinds.crop == Crop::padded, mirror = kinds.crop != Crop::none && (words[2] & 1) == 1;
      const Box box =
          kinds.crop == Crop::resized ? random_box(key, static_cast<uint64_t>(id[i]), height, width) : Box{};
      const int64_t dx = moves ? uniform_below(words[0], 2 * kCropPadding + 1) - kCropPadding : 0;
      const int64_t dy = moves ? uniform_below(words[1], 2 * kCropPadding + 1) - kCropPadding : 0;
      for (int64_t c = 0; c < channels; ++c) {
        const uint8_t* source = in + (position[i] * channels + c) * plane;
        float* target = out + (i * channels + c) * plane;
        if (kinds.crop == Crop::resized) resize_plane(source, target, height, width, box, mirror);
        else shift_plane(source, target, height, width, dx, dy, mirror);
      }
      if (kinds.cutout == 0) continue;
      const auto centre = draw_block(key, static_cast<uint64_t>(id[i]), 0, 1);
      hide_square(out + i * channels * plane, channels, height, width, kinds.cutout, uniform_below(centre[0], height),
                  uniform_below(centre[1], width));
    }
  });
  return batch;
}

at::Tensor shuffled(int64_t count, const Stream& stream) {
  const PhiloxKey key = stream.key();
  std::vector<std::pair<uint32_t, int64_t>> ranked(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) ranked[static_cast<size_t>(i)] = {draw_word(key, static_cast<uint64_t>(i), 0), i};
  std::sort(ranked.begin(), ranked.end());
  at::Tensor order = at::empty({count}, at::TensorOptions(at::kLong));
  int64_t* out = order.mutable_data_ptr<int64_t>();
  for (const auto& [word, i] : ranked) *out++ = i;
  return order;
}

}  // namespace aigis
