#include "lib/ops/bucket.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "lib/ops/bucket_index.h"
#include "lib/ops/rows.h"
#if AIGIS_CUDA_KERNELS
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "lib/ops/bucket_cuda.h"
#endif

namespace aigis {
namespace {

void check_rows(const at::Tensor& x) {
  TORCH_CHECK(has_plain_rows(x) && row_bytes(x) % sizeof(Word4) == 0, "buckets hold rows of whole 4-byte words");
}

/// The CPU's kernels, word by word as the GPU's: they are there to be tested, not to be fast.
void fill_on_host(const at::Tensor& open, int64_t room, const Bucket& bucket, const at::Tensor& overflow) {
  const float* gate = open.const_data_ptr<float>();
  const auto rows = static_cast<int32_t>(open.size(0));
  const auto total = static_cast<int32_t>(std::count_if(gate, gate + rows, [](float g) { return g > 0.5f; }));
  int32_t* places = bucket.rows.mutable_data_ptr<int32_t>();
  for (int32_t row = 0, before = 0; row < rows; ++row) {
    const bool is_open = gate[row] > 0.5f;
    const int32_t place = bucket_place(is_open, row, before, total);
    if (place < room) places[place] = row;
    before += is_open ? 1 : 0;
  }
  *bucket.count.mutable_data_ptr<int32_t>() = total;
  if (total > room) *overflow.mutable_data_ptr<int32_t>() = 1;
}

template <class Move>
void on_host(int64_t places, int64_t words, const Move& move) {
  for (int64_t place = 0; place < places; ++place) {
    for (int64_t word = 0; word < words; ++word) move(place, word);
  }
}

#if AIGIS_CUDA_KERNELS
void* stream_of(const at::Tensor& x) { return c10::cuda::getCurrentCUDAStream(x.device().index()).stream(); }
#endif

}  // namespace

bool has_buckets(at::Device device) { return device.is_cpu() || (AIGIS_CUDA_KERNELS && device.is_cuda()); }

Bucket fill_bucket(const at::Tensor& open, int64_t room, const at::Tensor& overflow) {
  TORCH_CHECK(room > 0 && room <= open.size(0), "a bucket has room for 1 to N rows");
  const at::TensorOptions whole = open.options().dtype(at::kInt);
  const Bucket bucket{at::empty({room}, whole), at::empty({1}, whole)};
  const at::Tensor gates = open.to(at::kFloat).contiguous();
#if AIGIS_CUDA_KERNELS
  if (open.is_cuda()) {
    const c10::cuda::CUDAGuard guard(open.device());
    fill_bucket_cuda(gates.const_data_ptr<float>(), static_cast<int32_t>(gates.size(0)), static_cast<int32_t>(room),
                     bucket.rows.mutable_data_ptr<int32_t>(), bucket.count.mutable_data_ptr<int32_t>(),
                     overflow.mutable_data_ptr<int32_t>(), stream_of(open));
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return bucket;
  }
#endif
  fill_on_host(gates, room, bucket, overflow);
  return bucket;
}

at::Tensor gather_bucket(const at::Tensor& x, const Bucket& bucket) {
  check_rows(x);
  std::vector<int64_t> shape = x.sizes().vec();
  shape[0] = bucket.rows.size(0);
  at::Tensor out = at::empty(shape, x.options().memory_format(x.suggest_memory_format()));
  const int32_t* rows = bucket.rows.const_data_ptr<int32_t>();
#if AIGIS_CUDA_KERNELS
  if (x.is_cuda()) {
    const c10::cuda::CUDAGuard guard(x.device());
    gather_bucket_cuda(x.const_data_ptr(), out.mutable_data_ptr(), rows, shape[0], row_bytes(x), stream_of(x));
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return out;
  }
#endif
  const auto* from = static_cast<const Word4*>(x.const_data_ptr());
  auto* to = static_cast<Word4*>(out.mutable_data_ptr());
  const int64_t words = row_bytes(x) / static_cast<int64_t>(sizeof(Word4));
  on_host(shape[0], words, [&](int64_t place, int64_t word) { gather_word(from, to, rows, place, words, word); });
  return out;
}

void scatter_bucket(const at::Tensor& x, const Bucket& bucket, const at::Tensor& values) {
  check_rows(x);
  TORCH_CHECK(values.scalar_type() == x.scalar_type() && values.size(0) == bucket.rows.size(0) &&
                  values.sizes().slice(1) == x.sizes().slice(1),
              "what comes back from a bucket has the type and shape of what went in");
  const at::Tensor plain = values.contiguous(x.suggest_memory_format());
  const int32_t* rows = bucket.rows.const_data_ptr<int32_t>();
  const int64_t room = bucket.rows.size(0);
#if AIGIS_CUDA_KERNELS
  if (x.is_cuda()) {
    const c10::cuda::CUDAGuard guard(x.device());
    scatter_bucket_cuda(plain.const_data_ptr(), x.mutable_data_ptr(), rows, bucket.count.const_data_ptr<int32_t>(),
                        room, row_bytes(x), stream_of(x));
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return;
  }
#endif
  const auto* from = static_cast<const Word4*>(plain.const_data_ptr());
  auto* to = static_cast<Word4*>(x.mutable_data_ptr());
  const int64_t words = row_bytes(x) / static_cast<int64_t>(sizeof(Word4));
  const int64_t filled = std::min<int64_t>(room, *bucket.count.const_data_ptr<int32_t>());
  on_host(filled, words, [&](int64_t place, int64_t word) { scatter_word(from, to, rows, place, words, word); });
}

}  // namespace aigis
