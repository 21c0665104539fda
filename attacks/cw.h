// C&W: the smallest L2 perturbation by Adam in tanh space, with a weight on being wrong that a binary search finds
// (Carlini & Wagner, S&P 2017, section V).
#pragma once

#include "attacks/parts/nearest.h"
#include "attacks/parts/objective.h"
#include "attacks/parts/towards.h"

namespace aigis {

struct CarliniWagner {
  static constexpr const char* kName = "cw";
  static constexpr const char* kSummary = "Carlini & Wagner: distance and margin minimized together, by Adam";
  static constexpr const char* kSource = "Carlini & Wagner 2017, arXiv:1608.04644, sections V-B and VI-A";

  struct Options : NearestOptions {
    std::string preset = "none";
    int64_t steps = 1000;
    int64_t searches = 9;     ///< weights that are tried
    int64_t targets = 0;      ///< 0: any other class; else one after the other
    double step_size = 0.01;  ///< length of Adam's steps
    double weight = 0.001;    ///< c, of the margin beside the squared distance, at first
    double confidence = 0;    ///< kappa: by how much another logit must exceed the label's
    GatePathOptions path;
    void bind(OptionTable& table);
    void check(const ModelCard& card) const { check_targets(targets, card); }
  };

  static std::vector<Norm> norms() { return {Norm::l2}; }
  static void search(Victim& victim, const Options& options, Norm norm, Nearest& nearest);
};

}  // namespace aigis
