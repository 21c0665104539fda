// PI-FGSM: BIM with steps ten times as long, whose surplus over the budget is handed on to neighbouring pixels
// (Gao et al., ECCV 2020), in Linf. TransferAttack hands on 16/255 at a time whatever the budget, which is one of its
// amplified steps.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct PiFgsm {
  static constexpr const char* kName = "pi-fgsm";
  static constexpr const char* kSummary = "amplified steps whose surplus goes to neighbouring pixels";
  static constexpr const char* kSource = "Gao et al. 2020, arXiv:2007.06765, algorithm 1";

  struct Options : AscentOptions {
    Options() {
      relative_step_size = 0.1;
      patchwise.amplification = 10;
    }
    static Presets presets() {
      return {{"torchattacks", {Norm::linf}, "relative_step_size=0.1"},
              {"transferattack", {Norm::linf}, "step_size=1.6/255"}};
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
