// VMI-FGSM: MI-FGSM along the gradient plus what the mean gradient of images around the last iterate had over its own
// (Wang & He, CVPR 2021). They are uniform in the ball of the norm.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct VmiFgsm {
  static constexpr const char* kName = "vmi-fgsm";
  static constexpr const char* kSummary = "MI-FGSM with the variance of gradients around the iterate";
  static constexpr const char* kSource = "Wang & He 2021, arXiv:2103.15571, algorithm 1";

  struct Options : AscentOptions {
    Options() {
      relative_step_size = 0.1;
      momentum = 1;
      neighbours = 20;
    }
    static Presets presets() {
      return {{"torchattacks", {Norm::linf}, "step_size=2/255,neighbours=5"},
              {"transferattack", {Norm::linf}, "step_size=1.6/255"}};
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
