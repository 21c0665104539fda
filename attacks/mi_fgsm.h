// MI-FGSM: BIM along a direction that accumulates gradients, each first brought to a mean absolute value of 1
// (Dong et al., CVPR 2018): g <- momentum * g + gradient / mean |gradient|.
//
// foolbox accumulates signs in Linf, which is another attack.
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
    void bind(OptionTable& table) {
      AscentOptions::bind(table, {{"torchattacks", "step_size=2/255"}, {"transferattack", "step_size=1.6/255"}});
    }
  };
};

}  // namespace aigis
