// VNI-FGSM: VMI-FGSM with Nesterov's form of momentum (Wang & He, CVPR 2021). TransferAttack draws the neighbours
// around the point where momentum leads, not around the iterate, which is another attack: no preset is its.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct VniFgsm {
  static constexpr const char* kName = "vni-fgsm";
  static constexpr const char* kSummary = "VMI-FGSM with gradients taken where momentum leads";
  static constexpr const char* kSource = "Wang & He 2021, arXiv:2103.15571";

  struct Options : AscentOptions {
    Options() {
      relative_step_size = 0.1;
      momentum = 1;
      nesterov = true;
      neighbours = 20;
    }
    static Presets presets() { return {{"torchattacks", {Norm::linf}, "step_size=2/255,neighbours=5"}}; }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
