// FAB: to the nearest boundary of the likeliest wrong classes at each step, a gradient for each of them.
#pragma once

#include "attacks/parts/fab.h"

namespace aigis {

struct Fab {
  static constexpr const char* kName = "fab";
  static constexpr const char* kSummary =
      "fast adaptive boundary attack: the nearest boundary of the likeliest wrong classes";
  static constexpr const char* kSource = "Croce & Hein 2020, arXiv:1907.02044, algorithm 1";

  using Options = FabOptions;

  static std::vector<Norm> norms() { return all_norms(); }
  static void search(Victim& victim, const Options& options, Norm norm, Nearest& nearest) {
    fab_search(victim, options, norm, nearest);
  }
};

}  // namespace aigis
