// NI-FGSM: MI-FGSM with Nesterov's form of momentum (Lin et al., ICLR 2020): the gradient is that of
// x + step * momentum * g. In L2 and L1, where g's values are no lengths, a step along g takes the place of step * g.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct NiFgsm {
  static constexpr const char* kName = "ni-fgsm";
  static constexpr const char* kSummary = "MI-FGSM with gradients taken where momentum leads";
  static constexpr const char* kSource = "Lin et al. 2020, arXiv:1908.06281, equation 6";

  struct Options : AscentOptions {
    Options() {
      relative_step_size = 0.1;
      momentum = 1;
      nesterov = true;
    }
    static Presets presets() {
      return {{"torchattacks", {Norm::linf}, "step_size=2/255"}, {"transferattack", {Norm::linf}, "step_size=1.6/255"}};
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
