// The arithmetic of buckets, once for the host and the device: what a test on the CPU holds, holds for the kernels.
#pragma once

#include <cstdint>

#include "lib/core/host_device.h"

namespace aigis {

/// Rows are moved in words of 16 bytes where they can be, else of 4.
struct alignas(16) Word16 {
  uint32_t parts[4];
};
using Word4 = uint32_t;

/// Where a row stands in a bucket's order, given how many of the rows before it are open, and how many are in all.
AIGIS_HOST_DEVICE inline int32_t bucket_place(bool is_open, int32_t row, int32_t open_before, int32_t open_in_all) {
  return is_open ? open_before : open_in_all + row - open_before;
}

/// Moves one word of the row at `place` out of a batch.
template <class Word>
AIGIS_HOST_DEVICE void gather_word(const Word* batch, Word* bucket, const int32_t* rows, int64_t place, int64_t words,
                                   int64_t word) {
  bucket[place * words + word] = batch[rows[place] * words + word];
}

/// Moves it back.
template <class Word>
AIGIS_HOST_DEVICE void scatter_word(const Word* bucket, Word* batch, const int32_t* rows, int64_t place, int64_t words,
                                    int64_t word) {
  batch[rows[place] * words + word] = bucket[place * words + word];
}

}  // namespace aigis
