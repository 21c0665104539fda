// BIM, or I-FGSM: the loop of parts/ascent.h with nothing added (Kurakin, Goodfellow & Bengio, ICLR workshop 2017).
//
// x <- clip(project(x + step * sign(d loss / dx))). In L2 the sign gives way to the gradient over its length, in L1 to
// the signs of its steepest elements.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct Bim {
  static constexpr const char* kName = "bim";
  static constexpr const char* kSummary = "signed gradient steps inside the ball, from the clean image";
  static constexpr const char* kSource = "Kurakin et al. 2017, arXiv:1607.02533, section 2.2";

  struct Options : AscentOptions {
    static Presets presets() {
      return {{"torchattacks", {Norm::linf}, "step_size=2/255"},
              {"foolbox", {Norm::linf, Norm::l2}, "relative_step_size=0.2"},
              {"art", {Norm::linf}, "steps=100,step_size=0.1"}};
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
