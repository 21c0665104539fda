// DI-FGSM: BIM along gradients of images that are resized and padded at random (Xie et al., CVPR 2019). With momentum
// it is M-DI-FGSM: `di-fgsm:momentum=1`. torchattacks shrinks images and pads them to the side that they had;
// TransferAttack enlarges them, pads them to 1.1 of that side, and resizes the whole back to it.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct DiFgsm {
  static constexpr const char* kName = "di-fgsm";
  static constexpr const char* kSummary = "BIM along gradients of resized and padded images";
  static constexpr const char* kSource = "Xie et al. 2019, arXiv:1803.06978, equation 3";

  struct Options : AscentOptions {
    Options() {
      relative_step_size = 0.1;
      diversity.probability = 0.5;
    }
    static Presets presets() {
      return {{"torchattacks", {Norm::linf}, "step_size=2/255"},
              {"transferattack", {Norm::linf}, "step_size=1.6/255,momentum=1,diversity_size=1.1"}};
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
