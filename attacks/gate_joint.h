// Gate joint: the loss on the answer, and with it what the graph can do to it. A hard gate has no gradient, and the one
// that passes straight through guesses what it brings; so each gate's worth is measured besides, as the loss with the
// gate open less that with it shut, and the probability that it is open is driven to where the loss is greater.
#pragma once

#include "attacks/parts/gate_options.h"

namespace aigis {

struct GateJoint {
  static constexpr const char* kName = "gate-joint";
  static constexpr const char* kSummary =
      "loss on the answer, and every gate driven to the state that makes it greater";
  static constexpr const char* kSource =
      "cross-entropy + weight * sum of [L(g=1) - L(g=0)] sigmoid(D), the bracket held constant";
  static constexpr Aim kAim = Aim::wrong_answer;

  struct Options : GateAttackOptions {
    Options() {
      want_answers();
      objective.flip_weight = 0.5;
    }
    void bind(OptionTable& table) {
      bind_steps(table);
      objective.bind_loss(table);
      table.number("flip_weight", &objective.flip_weight, 0, 1e6, "",
                   "of the gates beside the loss; 0: PGD whose best iterate counts");
    }
    void settle() {}
  };
};

}  // namespace aigis
