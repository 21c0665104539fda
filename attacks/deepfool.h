// DeepFool: to the nearest boundary of the linearized model, again and again (Moosavi-Dezfooli, Fawzi & Frossard, CVPR
// 2016, algorithm 2; Linf: section 3.3).
#pragma once

#include "attacks/parts/nearest.h"
#include "attacks/parts/objective.h"

namespace aigis {

struct DeepFool {
  static constexpr const char* kName = "deepfool";
  static constexpr const char* kSummary = "steps to the nearest boundary of the linearized model";
  static constexpr const char* kSource = "Moosavi-Dezfooli et al. 2016, arXiv:1511.04599, algorithm 2";

  struct Options : NearestOptions {
    std::string preset = "none";
    int64_t steps = 50;
    int64_t classes = 0;      ///< wrong classes that are looked at, the likeliest first; 0: all, but at most 9
    double overshoot = 0.02;  ///< share by which the perturbation goes beyond the boundary
    double nudge = 1e-6;      ///< length by which each step goes beyond it: an image on the boundary is not yet wrong
    GatePathOptions path;
    void bind(OptionTable& table);
    void check(const ModelCard& card) const { check_wrong_classes("classes", classes, card); }
  };

  static std::vector<Norm> norms() { return {Norm::linf, Norm::l2}; }
  static void search(Victim& victim, const Options& options, Norm norm, Nearest& nearest);
};

}  // namespace aigis
