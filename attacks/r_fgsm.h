// R+FGSM: a random step of half the budget, then FGSM with the other half (Tramèr et al., ICLR 2018). The torchattacks
// preset iterates ten steps instead, which is another attack. That tool's random step is 2/255 for every budget, the
// preset's a quarter of the budget: the same for 8/255.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct RFgsm {
  static constexpr const char* kName = "r-fgsm";
  static constexpr const char* kSummary = "half the budget at random, the other half along the gradient";
  static constexpr const char* kSource = "Tramer et al. 2018, arXiv:1705.07204, section 3.3";

  struct Options : AscentOptions {
    Options() {
      steps = 1;
      start = Start::sign;
      start_size = 0.5;
      relative_step_size = 0.5;
    }
    static Presets presets() {
      return {{"torchattacks",
               {Norm::linf},
               "steps=10,step_size=2/255,start_size=0.25",
               "its start at epsilon=8/255 alone"}};
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
