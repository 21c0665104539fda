#include "lib/data/augment.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

#include "lib/data/augment_gather.h"
#include "lib/data/image_change.h"

namespace aigis {
namespace {

struct Size {
  int64_t channels, height, width;
};

/// The picture moved to the box's corner, mirrored if asked, zero where it leaves the picture.
void shift(const uint8_t* in, float* out, const Size& size, const ImageChange& change) {
  for (int64_t c = 0; c < size.channels; ++c, in += size.height * size.width) {
    for (int64_t row = 0; row < size.height; ++row, out += size.width) {
      const int64_t from_row = row + change.box.top;
      if (from_row < 0 || from_row >= size.height) {
        std::fill(out, out + size.width, 0.0f);
        continue;
      }
      const uint8_t* source = in + from_row * size.width;
      for (int64_t column = 0; column < size.width; ++column) {
        const int64_t from = (change.mirror ? size.width - 1 - column : column) + change.box.left;
        out[column] = from < 0 || from >= size.width ? 0.0f : static_cast<float>(source[from]) * kByteUnit;
      }
    }
  }
}

/// The box brought to the whole picture's size.
void resize(const uint8_t* in, float* out, const Size& size, const ImageChange& change) {
  const Box& box = change.box;
  const int32_t wide = parts_of(size.width), high = parts_of(size.height);
  const float unit = resized_unit(size.height, size.width);
  std::vector<Between> columns;
  for (int64_t column = 0; column < size.width; ++column) {
    columns.push_back(between(change.mirror ? size.width - 1 - column : column, size.width, box.width));
  }
  for (int64_t c = 0; c < size.channels; ++c, in += size.height * size.width) {
    for (int64_t row = 0; row < size.height; ++row) {
      const Between y = between(row, size.height, box.height);
      const uint8_t* upper = in + (box.top + y.low) * size.width + box.left;
      const uint8_t* lower = in + (box.top + y.high) * size.width + box.left;
      for (const Between& x : columns) {
        const int32_t above = upper[x.low] * (wide - x.share) + upper[x.high] * x.share;
        const int32_t below = lower[x.low] * (wide - x.share) + lower[x.high] * x.share;
        *out++ = static_cast<float>(above * (high - y.share) + below * y.share) * unit;
      }
    }
  }
}

void hide_square(float* image, const Size& size, const ImageChange& change, int64_t side) {
  const int64_t top = change.hidden_row - side / 2, left = change.hidden_column - side / 2;
  const int64_t begin = std::max<int64_t>(left, 0), end = std::min(left + side, size.width);
  for (int64_t c = 0; c < size.channels; ++c, image += size.height * size.width) {
    for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + side, size.height); ++y) {
      std::fill(image + y * size.width + begin, image + y * size.width + end, kHiddenGrey);
    }
  }
}

}  // namespace

Batch augmented(const Dataset& data, const at::Tensor& positions, const Stream& stream, const Augmentation& kinds) {
  if (!data.images.device().is_cpu()) return augmented_by_gather(data, positions, stream, kinds);
  const int64_t count = positions.size(0);
  const Size size{data.images.size(1), data.images.size(2), data.images.size(3)};
  const int64_t pixels = size.channels * size.height * size.width;
  Batch batch{at::empty({count, size.channels, size.height, size.width}, at::TensorOptions(at::kFloat)),
              data.labels.index_select(0, positions), data.ids.index_select(0, positions)};
  const PhiloxKey key = stream.key();
  const int64_t* position = positions.const_data_ptr<int64_t>();
  const int64_t* id = batch.ids.const_data_ptr<int64_t>();
  const uint8_t* in = data.images.const_data_ptr<uint8_t>();
  float* out = batch.images.mutable_data_ptr<float>();
  at::parallel_for(0, count, 32, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const ImageChange change = draw_change(key, static_cast<uint64_t>(id[i]), size.height, size.width, kinds);
      const uint8_t* source = in + position[i] * pixels;
      float* target = out + i * pixels;
      if (kinds.crop == Crop::resized) resize(source, target, size, change);
      else shift(source, target, size, change);
      if (kinds.cutout > 0) hide_square(target, size, change, kinds.cutout);
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
