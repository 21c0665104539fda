// The kernels of buckets, by plain pointers into the device's memory: nvcc compiles them without LibTorch's headers.
#pragma once

#include <cstdint>

namespace aigis {

/// Each queues its work on `stream` (a cudaStream_t) and returns.
void fill_bucket_cuda(const float* open, int32_t count, int32_t room, int32_t* rows, int32_t* open_in_all,
                      int32_t* overflow, void* stream);
void gather_bucket_cuda(const void* batch, void* bucket, const int32_t* rows, int64_t room, int64_t row_bytes,
                        void* stream);
void scatter_bucket_cuda(const void* bucket, void* batch, const int32_t* rows, const int32_t* open_in_all, int64_t room,
                         int64_t row_bytes, void* stream);

}  // namespace aigis
