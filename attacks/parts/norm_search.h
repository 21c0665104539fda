// The loop of DDN and FMN: gradient steps on the border of a ball whose radius grows while the image is classified
// rightly, and shrinks when it is not.
#pragma once

#include "attacks/parts/nearest.h"
#include "attacks/parts/objective.h"
#include "attacks/parts/towards.h"

namespace aigis {

struct NormSearchOptions : NearestOptions {
  int64_t steps = 100;
  int64_t targets = 0;       ///< 0: goes wherever another class is likeliest; else towards one after the other
  double step_size = 1;      ///< L2 length of the first step; a hundredth of it at last, along half a cosine
  double gamma = 0.05;       ///< by which share the radius changes
  double last_gamma = 0.05;  ///< at last, along half a cosine
  double radius = 0;         ///< at first; 0: what the linearized model says
  double overshoot = 0;      ///< share by which the ball then reaches beyond that boundary
  bool on_sphere = false;    ///< goes to the ball's surface from inside, too; without a gradient in any direction
  LossKind loss = LossKind::margin;
  GatePathOptions path;

  void bind(OptionTable& table);
  void check(const ModelCard& card) const { check_targets(targets, card); }
};

void norm_search(Victim& victim, const NormSearchOptions& options, Norm norm, Nearest& nearest);

}  // namespace aigis
