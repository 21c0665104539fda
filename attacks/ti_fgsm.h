// TI-FGSM: BIM along gradients smoothed with a Gaussian kernel (Dong et al., CVPR 2019). The torchattacks preset adds
// input diversity, as that tool does.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct TiFgsm {
  static constexpr const char* kName = "ti-fgsm";
  static constexpr const char* kSummary = "BIM along smoothed gradients";
  static constexpr const char* kSource = "Dong et al. 2019, arXiv:1904.02884, equation 10";

  struct Options : AscentOptions {
    Options() {
      relative_step_size = 0.1;
      translation.kernel = 15;
    }
    static Presets presets() {
      return {{"torchattacks", {Norm::linf}, "step_size=2/255,diversity=0.5"},
              {"transferattack", {Norm::linf}, "step_size=1.6/255,momentum=1"}};
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
