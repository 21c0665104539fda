// A batch that shrinks as its images are done.
#pragma once

#include <initializer_list>

#include "lib/data/dataset.h"

namespace aigis {

/// Selects rows of each tensor that is defined, wherever it lies.
void keep_rows(const at::Tensor& rows, std::initializer_list<at::Tensor*> tensors);

/// Writes the rows of `part` for which `which`, [n] bool, holds to their `places` in the whole batch.
void put_rows(at::Tensor& whole, const at::Tensor& places, const at::Tensor& which, const at::Tensor& part);

/// The images of a batch that an attack is still at, row by row; its own state is derived from it.
struct BatchRows {
  at::Tensor places;  ///< [n] rows of the whole batch
  at::Tensor alive;   ///< [n] bool; a row that is done only fills up the batch
  at::Tensor clean, ids;

  void take_all(const Batch& batch);
  void keep(const at::Tensor& rows) { keep_rows(rows, {&places, &alive, &clean, &ids}); }
};

/// Which rows of a batch stay when some are done. Sizes go down in whole steps (lib/ops/rows.h) of the first one; in a
/// small batch by single rows, since each saves all passes to come. Rows that are done fill up the last places.
class Shrinking {
 public:
  /// `alive` is [n] bool. Returns the rows to go on with, those alive first and in their order; undefined if all n are.
  at::Tensor kept(const at::Tensor& alive);

 private:
  int64_t whole_ = 0;
};

}  // namespace aigis
