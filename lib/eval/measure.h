// One batch through one defended model: what is counted of the clean images, and of an attack's at one budget.
#pragma once

#include "lib/eval/tally.h"
#include "lib/eval/verdict.h"

namespace aigis {

struct CleanPass {
  Purpose draws = Purpose::verdict_gates;  ///< that random gates were judged by, and attacked images shall be
  Judgement judgement;
  PassTally tally;
  Proportion redraw_flipped;  ///< gates that differ under independent noise
};
CleanPass measure_clean(Model& target, const Batch& batch, uint64_t seed, Purpose draws = Purpose::verdict_gates);

struct Cell {
  CellTally tally;
  at::Tensor images;  ///< as admitted by the verdict
  at::Tensor hits;    ///< [N] int64, in how many draws the label was right
  at::Tensor wins;  ///< [N] int64, in how many draws the answer was what the attack wants: not the label, or the target
  double seconds = 0;  ///< of the verdict on the images as proposed
};
/// What is asked of a batch besides the verdict.
struct Besides {
  bool swap = false;  ///< a gated model is asked twice more: for either image along the gates of the other
  /// 8-bit images get a verdict of their own even where only float's rounding tells them from the adversarial ones, and
  /// their layers are counted, so that from the bytes alone all of it comes out the same.
  bool bytes = false;
  /// Margins of so many images, the first ones: of the 8-bit ones with `bytes`.
  int64_t margins = 0;
};
/// Admits, judges and counts what an attack proposed. `clean` is the clean pass of the same batch; `wanted` the classes
/// that the attack aimed at, [N], undefined without a target.
Cell measure_cell(Model& target, const Batch& batch, const CleanPass& clean, const at::Tensor& proposed,
                  const at::Tensor& wanted, Norm norm, double epsilon, uint64_t seed, const Besides& besides);

}  // namespace aigis
