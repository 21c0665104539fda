// LGM, the leaded gradient method: an iterated attack on the answer whose gradients are those of soft gates, so that
// they foresee which layers the next step will switch on; the hard network judges. A baseline for attacks through the
// graph.
#pragma once

#include "attacks/parts/gate_options.h"

namespace aigis {

struct Lgm {
  static constexpr const char* kName = "lgm";
  static constexpr const char* kSummary = "BIM with the gradients of soft gates (leaded gradients)";
  static constexpr const char* kSource =
      "Tao et al. 2024, Dynamics-aware adversarial attack of adaptive neural networks, IEEE TCSVT, arXiv:2210.08159; "
      "there the loss is the soft network's, too, here it is taken at the hard one's logits";

  struct Options : AscentOptions {
    Options() {
      objective.path.gradient = GateGradient::relaxed;
      objective.path.temperature = 0.2;  // a choice: 5 times the logit
    }
    void bind(OptionTable& table) { AscentOptions::bind(table, {}); }
    void check(const ModelCard& card) const {
      check_gated(card);
      AscentOptions::check(card);
    }
  };
};

}  // namespace aigis
