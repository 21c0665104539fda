// Gate sloth: drives every gate open, so that nothing is saved. Unlike attacks on energy before it (ILFO, DeepSloth,
// GradAuto) it works on margins of logits, which have a gradient where a gate is sure.
#pragma once

#include "attacks/parts/gate_options.h"

namespace aigis {

struct GateSloth {
  static constexpr const char* kName = "gate-sloth";
  static constexpr const char* kSummary = "every gate open: the model does all of its work";
  static constexpr const char* kSource =
      "cost-weighted margins of gate logits; in spirit Hong et al. 2021 (DeepSloth, arXiv:2010.02432) and Pan et al. "
      "2022 (GradAuto)";
  static constexpr Aim kAim = Aim::more_compute;

  struct Options : GateAttackOptions {
    Options() { momentum = 0.9; }  // in forty steps it moves more gates than without
    void settle() { objective.term = std::make_shared<GateMargin>(GateStates::open, confidence); }
  };
};

}  // namespace aigis
