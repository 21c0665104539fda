// SI-NI-FGSM: NI-FGSM with gradients averaged over the copies x, x/2, x/4, … (Lin et al., ICLR 2020). TransferAttack
// has SI with MI-FGSM.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct SiNiFgsm {
  static constexpr const char* kName = "si-ni-fgsm";
  static constexpr const char* kSummary = "NI-FGSM along gradients averaged over darker copies";
  static constexpr const char* kSource = "Lin et al. 2020, arXiv:1908.06281, equation 8";

  struct Options : AscentOptions {
    Options() {
      relative_step_size = 0.1;
      momentum = 1;
      nesterov = true;
      scales = 5;
    }
    static Presets presets() {
      return {{"torchattacks", {Norm::linf}, "step_size=2/255"},
              {"transferattack", {Norm::linf}, "step_size=1.6/255,nesterov=false"}};
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
