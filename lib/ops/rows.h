// Some images of a batch taken out, and put back: how a block runs for those alone whose gate is open, and how a model
// is asked once more about those alone that are in doubt.
#pragma once

#include <vector>

#include "lib/core/tensor.h"

namespace aigis {

/// Whether each row x[i] is one run of bytes, row after row: contiguous or channels-last.
bool has_plain_rows(const at::Tensor& x);
/// Bytes of one row; 0 if there is none.
int64_t row_bytes(const at::Tensor& x);

/// Indices, on the host, of the elements of `open` [N] that are not zero. On a GPU this waits for the device.
std::vector<int64_t> open_rows(const at::Tensor& open);

/// `count` of the rows of a batch, rounded up to whole steps of a sixteenth of it, but of `least` rows at least:
/// convolutions are set up anew for each number of rows, so few should be met. May exceed the batch.
int64_t in_whole_steps(int64_t count, int64_t batch, int64_t least = 8);

/// `rows`, indices [n] into a batch of `batch`, the last of them repeated up to whole steps, but not beyond the size of
/// the batch. Steps are those of the power of two below that size, so that batches of many sizes share them.
at::Tensor filled_up(const at::Tensor& rows, int64_t batch);

/// x[rows] along the first dimension, in x's memory format. Takes no gradient.
at::Tensor gather_rows(const at::Tensor& x, const std::vector<int64_t>& rows);

/// x[rows] = values, in place; the rows are distinct.
void scatter_rows(const at::Tensor& x, const std::vector<int64_t>& rows, const at::Tensor& values);

}  // namespace aigis
