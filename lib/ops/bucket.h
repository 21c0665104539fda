// Rows of a batch in a bucket of fixed size, without a word to the host: how a block runs on a GPU for those images
// alone whose gate is open, where nobody may wait to hear how many there are.
//
// bucket.cpp checks and dispatches, bucket_cuda.cu holds the kernels, bucket_index.h what both devices compute alike.
#pragma once

#include "lib/core/tensor.h"

namespace aigis {

struct Bucket {
  at::Tensor rows;   ///< [room] int32: the open rows, in order, then others
  at::Tensor count;  ///< [1] int32: open rows in all; beyond `room` the last of them are not in the bucket
};

/// Whether buckets can be used there: on the CPU, and on a GPU if the build had a CUDA compiler.
bool has_buckets(at::Device device);

/// Fills a bucket of `room` rows, at most N. A row is open where `open` [N] is above 0.5. Sets `overflow` [1] int32 to
/// 1 if there are more than `room`; else leaves it as it is.
Bucket fill_bucket(const at::Tensor& open, int64_t room, const at::Tensor& overflow);

/// [room, ...]: the bucket's rows of x [N, ...], in x's memory format. Takes no gradient.
at::Tensor gather_bucket(const at::Tensor& x, const Bucket& bucket);

/// Puts the open ones of the bucket's rows, `values` [room, ...], into x, in place.
void scatter_bucket(const at::Tensor& x, const Bucket& bucket, const at::Tensor& values);

}  // namespace aigis
