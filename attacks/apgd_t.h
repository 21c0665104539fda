// APGD-T: Auto-PGD towards each of the likeliest wrong classes in turn, on the targeted difference of logits ratio
// (Croce & Hein, ICML 2020, equation 7). Any wrong answer counts.
#pragma once

#include "attacks/parts/auto_pgd.h"

namespace aigis {

struct ApgdT {
  static constexpr const char* kName = "apgd-t";
  static constexpr const char* kSummary = "Auto-PGD towards each of the likeliest wrong classes";
  static constexpr const char* kSource = "Croce & Hein 2020, arXiv:2003.01690, equation 7; L1: arXiv:2103.01208";

  struct Options : AutoPgdOptions {
    Options() {
      in_turn = true;
      objective.loss = LossKind::dlr;
      objective.target = "second";
    }
    void bind(OptionTable& table) {
      AutoPgdOptions::bind(table);
      bind_classes(table, &classes);
      objective.bind_loss(table, /*with_kl=*/false);
      objective.bind_gates(table);
    }
  };
};

}  // namespace aigis
