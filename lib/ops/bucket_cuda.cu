#include <algorithm>
#include <cub/block/block_scan.cuh>

#include "lib/ops/bucket_cuda.h"
#include "lib/ops/bucket_index.h"

namespace aigis {
namespace {

constexpr int kFillThreads = 1024, kCopyThreads = 256;

/// One thread block for the whole batch: a scan over chunks of rows, as wide as the block.
__global__ void fill(const float* open, int32_t count, int32_t room, int32_t* rows, int32_t* open_in_all,
                     int32_t* overflow) {
  using Scan = cub::BlockScan<int32_t, kFillThreads>;
  __shared__ typename Scan::TempStorage storage;
  const auto thread = static_cast<int32_t>(threadIdx.x);
  int32_t mine = 0, unused = 0, total = 0;
  for (int32_t row = thread; row < count; row += kFillThreads) mine += open[row] > 0.5f;
  Scan(storage).ExclusiveSum(mine, unused, total);
  int32_t before = 0;
  for (int32_t first = 0; first < count; first += kFillThreads) {
    __syncthreads();  // the scan's memory is free again
    const int32_t row = first + thread;
    const int32_t is_open = row < count && open[row] > 0.5f;
    int32_t rank = 0, in_chunk = 0;
    Scan(storage).ExclusiveSum(is_open, rank, in_chunk);
    if (row < count) {
      const int32_t place = bucket_place(is_open != 0, row, before + rank, total);
      if (place < room) rows[place] = row;
    }
    before += in_chunk;
  }
  if (thread == 0) {
    *open_in_all = total;
    if (total > room) *overflow = 1;
  }
}

template <class Word>
__global__ void gather(const Word* batch, Word* bucket, const int32_t* rows, int64_t room, int64_t words) {
  for (int64_t place = blockIdx.y; place < room; place += gridDim.y) {
    for (int64_t word = blockIdx.x * blockDim.x + threadIdx.x; word < words; word += gridDim.x * blockDim.x) {
      gather_word(batch, bucket, rows, place, words, word);
    }
  }
}

template <class Word>
__global__ void scatter(const Word* bucket, Word* batch, const int32_t* rows, const int32_t* open_in_all, int64_t room,
                        int64_t words) {
  const int64_t filled = *open_in_all < room ? *open_in_all : room;
  for (int64_t place = blockIdx.y; place < filled; place += gridDim.y) {
    for (int64_t word = blockIdx.x * blockDim.x + threadIdx.x; word < words; word += gridDim.x * blockDim.x) {
      scatter_word(bucket, batch, rows, place, words, word);
    }
  }
}

/// A row of thread blocks for each row of the bucket.
dim3 copy_grid(int64_t room, int64_t words) {
  constexpr int64_t kMostY = 65535, kMostX = 64;
  const int64_t x = std::min((words + kCopyThreads - 1) / kCopyThreads, kMostX);
  return {static_cast<unsigned>(std::max<int64_t>(1, x)), static_cast<unsigned>(std::min(room, kMostY))};
}

template <class Word>
void launch_gather(const void* batch, void* bucket, const int32_t* rows, int64_t room, int64_t words,
                   cudaStream_t stream) {
  gather<Word><<<copy_grid(room, words), kCopyThreads, 0, stream>>>(static_cast<const Word*>(batch),
                                                                    static_cast<Word*>(bucket), rows, room, words);
}

template <class Word>
void launch_scatter(const void* bucket, void* batch, const int32_t* rows, const int32_t* open_in_all, int64_t room,
                    int64_t words, cudaStream_t stream) {
  scatter<Word><<<copy_grid(room, words), kCopyThreads, 0, stream>>>(
      static_cast<const Word*>(bucket), static_cast<Word*>(batch), rows, open_in_all, room, words);
}

}  // namespace

void fill_bucket_cuda(const float* open, int32_t count, int32_t room, int32_t* rows, int32_t* open_in_all,
                      int32_t* overflow, void* stream) {
  fill<<<1, kFillThreads, 0, static_cast<cudaStream_t>(stream)>>>(open, count, room, rows, open_in_all, overflow);
}

void gather_bucket_cuda(const void* batch, void* bucket, const int32_t* rows, int64_t room, int64_t row_bytes,
                        void* stream) {
  const auto launch = row_bytes % 16 == 0 ? launch_gather<Word16> : launch_gather<Word4>;
  launch(batch, bucket, rows, room, row_bytes / (row_bytes % 16 == 0 ? 16 : 4), static_cast<cudaStream_t>(stream));
}

void scatter_bucket_cuda(const void* bucket, void* batch, const int32_t* rows, const int32_t* open_in_all, int64_t room,
                         int64_t row_bytes, void* stream) {
  const auto launch = row_bytes % 16 == 0 ? launch_scatter<Word16> : launch_scatter<Word4>;
  launch(bucket, batch, rows, open_in_all, room, row_bytes / (row_bytes % 16 == 0 ? 16 : 4),
         static_cast<cudaStream_t>(stream));
}

}  // namespace aigis
