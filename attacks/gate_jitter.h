// Gate jitter: makes every gate as unsure as it can, so that answer and latency change from one pass to the next.
#pragma once

#include "attacks/parts/gate_options.h"

namespace aigis {

struct GateJitter {
  static constexpr const char* kName = "gate-jitter";
  static constexpr const char* kSummary = "gates as unsure as can be: compute that varies from pass to pass";
  static constexpr const char* kSource =
      "variance of the cost of gates that draw apart from one another, sum of c^2 p (1 - p); climbed by a bump of the "
      "logits with longer tails";
  static constexpr Aim kAim = Aim::uneven_compute;

  struct Options : GateAttackOptions {
    double width = 2, last_width = 2;
    void bind(OptionTable& table) {
      bind_steps(table);
      table.number(
          "width", &width, 0.01, 100, "logits",
          "half of what the bump is wide, at the first step: small ones gain most of gates that are unsure already, "
          "large ones reach for those that are sure");
      table.number("last_width", &last_width, 0.01, 100, "logits",
                   "that it comes to at the last step, by equal ratios");
      bind_label(table);
    }
    void settle() { objective.term = std::make_shared<GateDoubt>(width, last_width); }
  };
};

}  // namespace aigis
