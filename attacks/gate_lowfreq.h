// Gate sloth in the low frequencies of the image: gates take averages over what they see, and JPEG compression leaves
// low frequencies alone. `band` does the same for every attack of the one loop (parts/ascent.h).
#pragma once

#include "attacks/gate_sloth.h"

namespace aigis {

struct GateLowfreq {
  static constexpr const char* kName = "gate-lowfreq";
  static constexpr const char* kSummary = "gate-sloth with a perturbation of low frequencies";
  static constexpr const char* kSource =
      "band of Guo, Frank & Weinberger 2019, arXiv:1809.08758, section 3; objective of gate-sloth";
  static constexpr Aim kAim = Aim::more_compute;

  struct Options : GateSloth::Options {
    Options() { band.share = 0.25; }
  };
};

}  // namespace aigis
