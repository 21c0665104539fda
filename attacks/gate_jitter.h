// Gate jitter: makes every gate as unsure as it can, so that answer and latency change from one pass to the next.
#pragma once

#include <fmt/format.h>

#include "attacks/parts/gate_options.h"
#include "lib/core/error.h"

namespace aigis {

struct GateJitter {
  static constexpr const char* kName = "gate-jitter";
  static constexpr const char* kSummary = "gates as unsure as can be: compute that varies from pass to pass";
  static constexpr const char* kSource =
      "variance of the cost of gates that draw apart from one another, sum of c^2 p (1 - p); climbed by bumps of the "
      "logits with longer tails";
  static constexpr Aim kAim = Aim::uneven_compute;

  struct Options : GateAttackOptions {
    double narrow = 0.5, wide = 8;
    void bind(OptionTable& table) {
      bind_steps(table);
      table.number("narrow", &narrow, 0.01, 100, "logits",
                   "half of what the narrowest bump is wide: small ones gain most of gates that are unsure already");
      table.number("wide", &wide, 0.01, 100, "logits",
                   "half of what the widest bump is wide: large ones reach for gates that are sure");
      bind_label(table);
    }
    void check(const ModelCard& card) const {
      GateAttackOptions::check(card);
      if (narrow >= wide) {
        throw InputError(fmt::format("option 'narrow': {}; expected less than wide, which is {}", narrow, wide));
      }
    }
    void settle() { objective.term = std::make_shared<GateDoubt>(narrow, wide); }
  };
};

}  // namespace aigis
