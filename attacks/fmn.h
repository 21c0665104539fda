// FMN: the fast minimum-norm attack (Pintor, Roli, Brendel & Biggio, NeurIPS 2021, algorithm 1).
#pragma once

#include "attacks/parts/norm_search.h"

namespace aigis {

struct Fmn {
  static constexpr const char* kName = "fmn";
  static constexpr const char* kSummary = "fast minimum norm: a ball that shrinks to the nearest adversarial image";
  static constexpr const char* kSource = "Pintor et al. 2021, arXiv:2102.12827, algorithm 1";

  struct Options : NormSearchOptions {
    Options() {
      last_gamma = 0.001;
      overshoot = 0.005;
    }
    void bind(OptionTable& table) {
      NormSearchOptions::bind(table);
      table.number("overshoot", &overshoot, 0, 10, "share of the distance",
                   "by which the ball goes beyond the boundary of the linearized model until an adversarial image is "
                   "known; 0 as published, which may come to rest on the boundary without crossing it");
    }
  };
  static std::vector<Norm> norms() { return {Norm::linf, Norm::l2, Norm::l1, Norm::l0}; }
  static void search(Victim& victim, const Options& options, Norm norm, Nearest& nearest) {
    norm_search(victim, options, norm, nearest);
  }
};

}  // namespace aigis
