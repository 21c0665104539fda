// Gate reroute: changes the answer while the executed share of the gated layers stays what it was, so that a monitor of
// execution rates (ConvNet-AIG, figure 7, right) sees nothing.
#pragma once

#include "attacks/parts/gate_options.h"

namespace aigis {

struct GateReroute {
  static constexpr const char* kName = "gate-reroute";
  static constexpr const char* kSummary = "another answer at the same compute: unseen by a monitor of execution rates";
  static constexpr const char* kSource = "cross-entropy under a constraint on the executed cost";
  static constexpr Aim kAim = Aim::unseen_wrong_answer;

  struct Options : GateAttackOptions {
    double tolerance = 0.05;  ///< share of the gated layers' cost by which the executed share may move
    Options() { want_answers(); }
    void bind(OptionTable& table) {
      bind_steps(table);
      objective.bind_loss(table);
      table.number("tolerance", &tolerance, 0, 1, "share of the gated layers' cost",
                   "by which the executed share may move");
    }
    void settle() { objective.constraint = std::make_shared<KeepCost>(tolerance); }
    void check(const ModelCard& card) const {
      GateAttackOptions::check(card);
      check_keeps_cost(objective.path, card);
    }
  };
};

}  // namespace aigis
