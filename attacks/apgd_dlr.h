// APGD-DLR: Auto-PGD on the difference of logits ratio, which no scaling of the logits changes (Croce & Hein, ICML
// 2020, equation 6).
#pragma once

#include "attacks/parts/auto_pgd.h"

namespace aigis {

struct ApgdDlr {
  static constexpr const char* kName = "apgd-dlr";
  static constexpr const char* kSummary = "Auto-PGD on the difference of logits ratio";
  static constexpr const char* kSource = "Croce & Hein 2020, arXiv:2003.01690, equation 6; L1: arXiv:2103.01208";

  struct Options : AutoPgdOptions {
    Options() { objective.loss = LossKind::dlr; }
    void bind(OptionTable& table) {
      AutoPgdOptions::bind(table);
      objective.bind(table);
    }
  };
};

}  // namespace aigis
