// Gate starve: drives every gate shut, so that the model loses its layers.
#pragma once

#include "attacks/parts/gate_options.h"

namespace aigis {

struct GateStarve {
  static constexpr const char* kName = "gate-starve";
  static constexpr const char* kSummary = "every gate shut: the model does as little work as it can";
  static constexpr const char* kSource = "cost-weighted margins of gate logits";
  static constexpr Aim kAim = Aim::less_compute;

  struct Options : GateAttackOptions {
    Options() { momentum = 0.9; }  // in forty steps it moves more gates than without
    void settle() { objective.term = std::make_shared<GateMargin>(GateStates::shut, confidence); }
  };
};

}  // namespace aigis
