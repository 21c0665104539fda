// EOT-PGD: every step follows the mean of several gradients, each with fresh noise in the model's gates (Athalye,
// Carlini & Wagner, ICML 2018). A model without random gates is asked once a step: there it is PGD.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct EotPgd {
  static constexpr const char* kName = "eot-pgd";
  static constexpr const char* kSummary = "PGD along the mean of several gradients of a randomized model";
  static constexpr const char* kSource = "Athalye et al. 2018, arXiv:1802.00420, section 4.2";

  struct Options : AscentOptions {
    Options() {
      start = Start::uniform;
      objective.draws = 20;
    }
    static Presets presets() { return {{"torchattacks", {Norm::linf}, "step_size=2/255,draws=2"}}; }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
