// MI-FGSM: BIM along a direction that accumulates gradients, each first brought to a mean absolute value of 1
// (Dong et al., CVPR 2018): g <- momentum * g + gradient / mean |gradient|.
//
// foolbox accumulates signs in Linf and gradients of length 1 in L2, which are other attacks: no preset is its.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct MiFgsm {
  static constexpr const char* kName = "mi-fgsm";
  static constexpr const char* kSummary = "BIM along accumulated gradients";
  static constexpr const char* kSource = "Dong et al. 2018, arXiv:1710.06081, algorithm 1";

  struct Options : AscentOptions {
    Options() {
      relative_step_size = 0.1;
      momentum = 1;
    }
    static Presets presets() {
      return {{"torchattacks", {Norm::linf}, "step_size=2/255"},
              {"transferattack", {Norm::linf}, "step_size=1.6/255"},
              {"art", {Norm::linf}, "steps=100,step_size=0.1"}};
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
