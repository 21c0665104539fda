// EMI-FGSM: MI-FGSM with gradients averaged over eleven points along the last step's mean gradient, up to seven steps
// to either side (Wang et al., BMVC 2021): in Linf multiples of that gradient over its mean absolute value, in L2 and
// L1 of a step along it.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct EmiFgsm {
  static constexpr const char* kName = "emi-fgsm";
  static constexpr const char* kSummary = "MI-FGSM along gradients averaged over points on the last direction";
  static constexpr const char* kSource = "Wang et al. 2021, arXiv:2103.10609, equation 5";

  struct Options : AscentOptions {
    Options() {
      relative_step_size = 0.1;
      momentum = 1;
      samples = 11;
    }
    static Presets presets() { return {{"transferattack", {Norm::linf}, "step_size=1.6/255"}}; }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
