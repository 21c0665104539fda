// PGD: BIM from a point drawn uniformly from the ball (Madry et al., ICLR 2018).
#pragma once

#include "attacks/parts/ascent.h"

namespace aigis {

struct Pgd {
  static constexpr const char* kName = "pgd";
  static constexpr const char* kSummary = "BIM from a random start, with restarts";
  static constexpr const char* kSource = "Madry et al. 2018, arXiv:1706.06083, section 2.1";

  struct Options : AscentOptions {
    Options() { start = Start::uniform; }
    void bind(OptionTable& table) {
      AscentOptions::bind(table, {{"torchattacks", "step_size=2/255"},
                                  {"foolbox", "steps=40,relative_step_size=0.0333333333"},
                                  {"foolbox-l2", "steps=50,relative_step_size=0.025"},
                                  {"art", "steps=100,step_size=0.1,start=clean"}});
    }
  };
};

}  // namespace aigis
