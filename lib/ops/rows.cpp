#include "lib/ops/rows.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "lib/core/upload.h"

namespace aigis {
namespace {

/// Then rows are moved by memcpy. LibTorch's own index_select loses the channels-last layout, and its index_copy_ goes
/// element by element.
bool is_plain(const at::Tensor& x) { return x.device().is_cpu() && has_plain_rows(x); }

at::Tensor on_device(const std::vector<int64_t>& rows, at::Device device) {
  return uploaded(at::tensor(rows, at::TensorOptions(at::kLong)), device);
}

/// [N, C, H, W] as its memory lies, for index operations that only keep that order.
at::Tensor channels_behind(const at::Tensor& x) { return x.dim() == 4 ? x.permute({0, 2, 3, 1}) : x; }

}  // namespace

bool has_plain_rows(const at::Tensor& x) {
  return x.is_contiguous() || (x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast));
}

int64_t row_bytes(const at::Tensor& x) { return x.size(0) == 0 ? 0 : static_cast<int64_t>(x.nbytes()) / x.size(0); }

std::vector<int64_t> open_rows(const at::Tensor& open) {
  const at::Tensor found = open.nonzero().squeeze(1).cpu();
  const int64_t* data = found.const_data_ptr<int64_t>();
  return {data, data + found.numel()};
}

int64_t in_whole_steps(int64_t count, int64_t batch, int64_t least) {
  const int64_t step = std::max(least, batch / 16);
  return (count + step - 1) / step * step;
}

at::Tensor filled_up(const at::Tensor& rows, int64_t batch) {
  const auto shared = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(batch)));
  const int64_t count = rows.size(0), whole = std::min(in_whole_steps(count, shared), batch);
  return at::cat({rows, rows.slice(0, -1).expand({whole - count})});
}

at::Tensor gather_rows(const at::Tensor& x, const std::vector<int64_t>& rows) {
  if (!is_plain(x)) {
    const at::Tensor gathered = channels_behind(x).index_select(0, on_device(rows, x.device()));
    return x.dim() == 4 ? gathered.permute({0, 3, 1, 2}) : gathered;
  }
  std::vector<int64_t> shape = x.sizes().vec();
  shape[0] = static_cast<int64_t>(rows.size());
  at::Tensor out = at::empty(shape, x.options().memory_format(x.suggest_memory_format()));
  const auto bytes = static_cast<size_t>(row_bytes(x));
  const auto* from = static_cast<const char*>(x.const_data_ptr());
  auto* to = static_cast<char*>(out.mutable_data_ptr());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(to + i * bytes, from + static_cast<size_t>(rows[i]) * bytes, bytes);
  }
  return out;
}

void scatter_rows(const at::Tensor& x, const std::vector<int64_t>& rows, const at::Tensor& values) {
  if (!is_plain(x)) {
    channels_behind(x).index_copy_(0, on_device(rows, x.device()), channels_behind(values));
    return;
  }
  const at::Tensor plain = values.contiguous(x.suggest_memory_format());
  const auto bytes = static_cast<size_t>(row_bytes(x));
  const auto* from = static_cast<const char*>(plain.const_data_ptr());
  auto* to = static_cast<char*>(x.mutable_data_ptr());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(to + static_cast<size_t>(rows[i]) * bytes, from + i * bytes, bytes);
  }
}

}  // namespace aigis
