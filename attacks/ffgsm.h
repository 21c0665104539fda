// FFGSM, the attack of fast adversarial training: one step of 1.25 epsilon from a point drawn uniformly from the ball
// (Wong, Rice & Kolter, ICLR 2020).
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct Ffgsm {
  static constexpr const char* kName = "ffgsm";
  static constexpr const char* kSummary = "one long step from a random start";
  static constexpr const char* kSource = "Wong et al. 2020, arXiv:2001.03994, algorithm 3";

  struct Options : AscentOptions {
    Options() {
      steps = 1;
      start = Start::uniform;
      relative_step_size = 1.25;
    }
    static Presets presets() { return {{"torchattacks", {Norm::linf}, "step_size=10/255"}}; }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
