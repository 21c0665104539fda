// APGD-CE: Auto-PGD on the cross-entropy (Croce & Hein, ICML 2020).
#pragma once

#include "attacks/parts/auto_pgd.h"

namespace aigis {

struct ApgdCe {
  static constexpr const char* kName = "apgd-ce";
  static constexpr const char* kSummary = "Auto-PGD on the cross-entropy";
  static constexpr const char* kSource = "Croce & Hein 2020, arXiv:2003.01690; L1: arXiv:2103.01208";

  struct Options : AutoPgdOptions {
    void bind(OptionTable& table) {
      AutoPgdOptions::bind(table);
      objective.bind(table);
    }
  };
};

}  // namespace aigis
