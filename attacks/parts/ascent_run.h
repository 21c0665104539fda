// One run of the loop of ascent.h from one start.
#pragma once

#include "attacks/parts/ascent.h"
#include "attacks/parts/shrinking.h"

namespace aigis {

/// Everything that a run knows of the images that are still in it.
struct AscentRows : BatchRows {
  Goal goal;
  at::Tensor x;
  at::Tensor best;
  Worth best_worth;                                          ///< where Keep::best
  at::Tensor momentum, variance, last_direction, amplified;  ///< undefined until used
  at::Tensor falling;  ///< [n] bool, foreseen to be misclassified by now; undefined where nothing is foreseen

  void keep(const at::Tensor& rows);
};

/// The first draw of noise at a step that its gradients and passes leave free.
uint32_t free_draw(const AscentOptions& options);

/// Writes the images it ends with into `result` at their places.
void run_ascent(Victim& victim, const AscentOptions& options, Norm norm, double epsilon, uint32_t restart,
                AscentRows rows, at::Tensor& result);

}  // namespace aigis
