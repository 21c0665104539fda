// One batch through one defended model: what is counted of the clean images, and of an attack's at one budget.
#pragma once

#include "lib/eval/tally.h"
#include "lib/eval/verdict.h"

namespace aigis {

struct CleanPass {
  Judgement judgement;
  PassTally tally;
  int64_t redraw_flipped = 0;  ///< gates that differ under independent noise
};
CleanPass measure_clean(Model& target, const Batch& batch, uint64_t seed);

struct Cell {
  CellTally tally;
  at::Tensor images;  ///< as admitted by the verdict
  at::Tensor hits;    ///< [N] int64, in how many draws the label was right
};
/// Admits, judges and counts what an attack proposed. `clean` is the clean pass of the same batch.
Cell measure_cell(Model& target, const Batch& batch, const CleanPass& clean, const at::Tensor& proposed, Norm norm,
                  double epsilon, uint64_t seed);

}  // namespace aigis
