// Gate-aware APGD: the worst for each image of APGD-CE with every way that gradients can pass gates.
#pragma once

#include "attacks/apgd_ce.h"
#include "attacks/parts/gate_aware.h"

namespace aigis {

struct GateAwareApgd {
  static constexpr const char* kName = "gate-aware-apgd";
  static constexpr const char* kSummary =
      "apgd-ce with each way that gradients can pass gates, the worst for each image";
  static constexpr const char* kSource = "Croce & Hein 2020, arXiv:2003.01690; worst case over gate gradients";

  struct Options {
    int64_t steps = 100;
    BandOptions band;
    ObjectiveOptions objective;
    void bind(OptionTable& table) {
      table.integer("steps", &steps, 1, 100'000, "gradient steps for each way");
      band.bind(table);
      table.integer("draws", &objective.draws, 1, 10'000, "gradients a step averages over, for random gates (EOT)");
      objective.bind_loss(table);
    }
  };

  using Stage = AutoPgdAttack<ApgdCe>;
  static Stage::Options stage(const Options& options) {
    Stage::Options stage;
    stage.steps = options.steps;
    stage.band = options.band;
    stage.objective = options.objective;
    return stage;
  }
};

}  // namespace aigis
