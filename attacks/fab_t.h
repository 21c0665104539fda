// FAB-T: the fast adaptive boundary attack towards each of the likeliest wrong classes (Croce & Hein, ICML 2020,
// "Minimally distorted adversarial examples with a fast adaptive boundary attack", algorithm 1; targeted as in
// arXiv:2003.01690, section 4.2). Each step goes to the boundary of the linearized model, from the iterate and, for a
// part, from the clean image.
#pragma once

#include "attacks/parts/nearest.h"

namespace aigis {

struct FabT {
  static constexpr const char* kName = "fab-t";
  static constexpr const char* kSummary = "fast adaptive boundary attack towards each of the likeliest wrong classes";
  static constexpr const char* kSource = "Croce & Hein 2020, arXiv:1907.02044, algorithm 1";

  struct Options {
    int64_t steps = 100;
    int64_t classes = 0;      ///< wrong classes that are aimed at, the likeliest first; 0: all, but at most 9
    double most_bias = 0.1;   ///< alpha_max: greatest share of the step that is taken from the clean image
    double overshoot = 1.05;  ///< eta: by which a step goes beyond the boundary
    double retreat = 0.9;     ///< beta: share of its perturbation that an image keeps once it is adversarial
    bool stop = true;         ///< leave images that are adversarial within the smallest budget
    GatePathOptions path;
    void bind(OptionTable& table);
    void check(const ModelCard& card) const { check_wrong_classes(classes, card); }
  };

  static std::vector<Norm> norms() { return all_norms(); }
  static void search(Victim& victim, const Options& options, Norm norm, Nearest& nearest);
};

}  // namespace aigis
