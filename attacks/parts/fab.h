// The fast adaptive boundary attack: each step goes to the boundary of the linearized model, from the iterate and, for
// a part, from the clean image (Croce & Hein, ICML 2020, "Minimally distorted adversarial examples with a fast adaptive
// boundary attack", algorithm 1).
#pragma once

#include "attacks/parts/nearest.h"
#include "attacks/parts/objective.h"

namespace aigis {

struct FabOptions : NearestOptions {
  int64_t steps = 100;
  bool in_turn = false;     ///< towards each class in a run of its own, else to the nearest boundary of theirs
  int64_t classes = 0;      ///< wrong classes that are aimed at, the likeliest first; 0: all, but at most 9
  double most_bias = 0.1;   ///< alpha_max: greatest share of the step that is taken from the clean image
  double overshoot = 1.05;  ///< eta: by which a step goes beyond the boundary
  double retreat = 0.9;     ///< beta: share of its perturbation that an image keeps once it is adversarial
  GatePathOptions path;

  void bind(OptionTable& table);
  void check(const ModelCard& card) const { check_wrong_classes("classes", classes, card); }
};

void fab_search(Victim& victim, const FabOptions& options, Norm norm, Nearest& nearest);

}  // namespace aigis
