// PGD: BIM from a point drawn uniformly from the ball (Madry et al., ICLR 2018).
//
// No preset is for L1: foolbox takes steps along the whole gradient there, ART along one pixel value alone.
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct Pgd {
  static constexpr const char* kName = "pgd";
  static constexpr const char* kSummary = "BIM from a random start, with restarts";
  static constexpr const char* kSource = "Madry et al. 2018, arXiv:1706.06083, section 2.1";

  struct Options : AscentOptions {
    Options() { start = Start::uniform; }
    static Presets presets() {
      return {{"torchattacks", {Norm::linf}, "step_size=2/255"},
              {"torchattacks-l2", {Norm::l2}, "step_size=0.2"},
              {"foolbox", {Norm::linf}, "steps=40,relative_step_size=1/30"},
              {"foolbox-l2", {Norm::l2}, "steps=50,relative_step_size=0.025"},
              {"art", {Norm::linf}, "steps=100,step_size=0.1,start=clean"}};
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, presets()); }
  };
};

}  // namespace aigis
