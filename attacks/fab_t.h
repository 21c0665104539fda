// FAB-T: FAB towards each of the likeliest wrong classes in turn: a gradient a step, whatever the number of classes
// (Croce & Hein 2020, arXiv:2003.01690, section 4.2).
#pragma once

#include "attacks/parts/fab.h"

namespace aigis {

struct FabT {
  static constexpr const char* kName = "fab-t";
  static constexpr const char* kSummary = "fast adaptive boundary attack towards each of the likeliest wrong classes";
  static constexpr const char* kSource = "Croce & Hein 2020, arXiv:1907.02044, algorithm 1; arXiv:2003.01690";

  struct Options : FabOptions {
    Options() { in_turn = true; }
  };

  static std::vector<Norm> norms() { return all_norms(); }
  static void search(Victim& victim, const Options& options, Norm norm, Nearest& nearest) {
    fab_search(victim, options, norm, nearest);
  }
};

}  // namespace aigis
