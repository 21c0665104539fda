#include "lib/data/augment_gather.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <array>

#include "lib/core/upload.h"
#include "lib/data/image_change.h"

namespace aigis {
namespace {

/// Each image's change, [N, 1] int64 on the device.
struct Changes {
  at::Tensor position, top, left, height, width, mirror, hidden_row, hidden_column;
};

Changes draw_changes(const Dataset& data, const at::Tensor& positions, const at::Tensor& ids, PhiloxKey key,
                     const Augmentation& kinds) {
  constexpr int64_t kFields = 8;
  const int64_t count = positions.size(0), height = data.images.size(2), width = data.images.size(3);
  at::Tensor table = at::empty({count, kFields}, at::TensorOptions(at::kLong));
  int64_t* row = table.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i, row += kFields) {
    const auto id = static_cast<uint64_t>(ids.const_data_ptr<int64_t>()[i]);
    const ImageChange change = draw_change(key, id, height, width, kinds);
    const Box& box = change.box;
    const std::array<int64_t, kFields> fields{positions.const_data_ptr<int64_t>()[i],
                                              box.top,
                                              box.left,
                                              box.height,
                                              box.width,
                                              change.mirror,
                                              change.hidden_row,
                                              change.hidden_column};
    std::copy(fields.begin(), fields.end(), row);
  }
  const auto columns = uploaded(table, data.images.device()).split(1, 1);  // one transfer for all
  return {columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], columns[6], columns[7]};
}

/// 0 … count-1 as a row.
at::Tensor line(int64_t count, at::Device device) {
  return at::arange(count, at::TensorOptions(device).dtype(at::kLong)).unsqueeze(0);
}

/// Whether `values` are at least `low` and less than `low` + `count`.
at::Tensor within(const at::Tensor& values, const at::Tensor& low, int64_t count) {
  return values.ge(low).logical_and(values.lt(low + count));
}

/// [N, H] and [N, W] of booleans: where both are true, [N, 1, H, W].
at::Tensor crossed(const at::Tensor& rows, const at::Tensor& columns) {
  return rows.unsqueeze(2).logical_and(columns.unsqueeze(1)).unsqueeze(1);
}

/// The pixels at each image's rows [N, h] and columns [N, w]: [N, C, h, w].
at::Tensor pixels(const at::Tensor& images, const at::Tensor& rows, const at::Tensor& columns) {
  const int64_t count = images.size(0), channels = images.size(1);
  const at::Tensor places = (rows.unsqueeze(2) * images.size(3) + columns.unsqueeze(1)).flatten(1).unsqueeze(1);
  return images.flatten(2)
      .gather(2, places.expand({count, channels, -1}))
      .view({count, channels, rows.size(1), columns.size(1)});
}

at::Tensor shifted(const at::Tensor& images, const at::Tensor& rows, const at::Tensor& columns) {
  const int64_t height = images.size(2), width = images.size(3);
  const at::Tensor inside =
      crossed(rows.ge(0).logical_and(rows.lt(height)), columns.ge(0).logical_and(columns.lt(width)));
  const at::Tensor bytes = pixels(images, rows.clamp(0, height - 1), columns.clamp(0, width - 1));
  return bytes.to(at::kFloat).mul_(static_cast<double>(kByteUnit)).mul_(inside);
}

/// `between` for pixels `to` of each image's side: [N, size] each.
struct BetweenAll {
  at::Tensor low, high, share;
};

BetweenAll between(const at::Tensor& to, int64_t size, const at::Tensor& from) {
  const int64_t parts = parts_of(size);
  const at::Tensor at = at::minimum(((to * 2 + 1) * from - size).clamp_min(0), (from - 1) * parts);
  const at::Tensor low = at.floor_divide(parts);
  return {low, at::minimum(low + 1, from - 1), (at - low * parts).to(at::kInt)};
}

at::Tensor resized(const at::Tensor& images, const at::Tensor& rows, const at::Tensor& columns, const Changes& change) {
  const int64_t height = images.size(2), width = images.size(3);
  const BetweenAll y = between(rows, height, change.height), x = between(columns, width, change.width);
  const at::Tensor down = y.share.unsqueeze(1).unsqueeze(3), right = x.share.unsqueeze(1).unsqueeze(2);
  const auto across = [&](const at::Tensor& row) {
    return pixels(images, change.top + row, change.left + x.low).to(at::kInt) * (parts_of(width) - right) +
           pixels(images, change.top + row, change.left + x.high).to(at::kInt) * right;
  };
  const at::Tensor sums = across(y.low) * (parts_of(height) - down) + across(y.high) * down;
  return sums.to(at::kFloat).mul_(static_cast<double>(resized_unit(height, width)));
}

}  // namespace

Batch augmented_by_gather(const Dataset& data, const at::Tensor& positions, const Stream& stream,
                          const Augmentation& kinds) {
  const int64_t height = data.images.size(2), width = data.images.size(3);
  const at::Device device = data.images.device();
  Batch batch;
  batch.ids = data.ids.index_select(0, positions);
  const Changes change = draw_changes(data, positions, batch.ids, stream.key(), kinds);
  batch.labels = data.labels.index_select(0, change.position.squeeze(1));
  const at::Tensor images = data.images.index_select(0, change.position.squeeze(1));
  const at::Tensor rows = line(height, device), line_of_columns = line(width, device);
  const at::Tensor columns = at::where(change.mirror.ne(0), width - 1 - line_of_columns, line_of_columns);
  batch.images = kinds.crop == Crop::resized ? resized(images, rows, columns, change)
                                             : shifted(images, rows + change.top, columns + change.left);
  if (kinds.cutout > 0) {
    const at::Tensor hidden = crossed(within(rows, change.hidden_row - kinds.cutout / 2, kinds.cutout),
                                      within(line_of_columns, change.hidden_column - kinds.cutout / 2, kinds.cutout));
    batch.images.masked_fill_(hidden, kHiddenGrey);
  }
  return batch;
}

}  // namespace aigis
