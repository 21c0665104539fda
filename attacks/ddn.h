// DDN: decoupled direction and norm (Rony et al., CVPR 2019, algorithm 1).
#pragma once

#include "attacks/parts/norm_search.h"

namespace aigis {

struct Ddn {
  static constexpr const char* kName = "ddn";
  static constexpr const char* kSummary = "decoupled direction and norm: steps on a sphere that grows and shrinks";
  static constexpr const char* kSource = "Rony et al. 2019, arXiv:1811.09600, algorithm 1";

  struct Options : NormSearchOptions {
    Options() {
      radius = 1;
      on_sphere = true;
      loss = LossKind::cross_entropy;
    }
    void bind(OptionTable& table) {
      NormSearchOptions::bind(table);
      table.number("radius", &radius, 1e-6, 1e4, "L2 length", "of the first perturbation");
    }
  };
  static std::vector<Norm> norms() { return {Norm::l2}; }
  static void search(Victim& victim, const Options& options, Norm norm, Nearest& nearest) {
    Options constant = options;
    constant.last_gamma = constant.gamma;
    norm_search(victim, constant, norm, nearest);
  }
};

}  // namespace aigis
