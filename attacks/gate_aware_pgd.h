// Gate-aware PGD: the worst for each image of PGD with every way that gradients can pass gates.
#pragma once

#include "attacks/parts/gate_aware.h"
#include "attacks/pgd.h"

namespace aigis {

struct GateAwarePgd {
  static constexpr const char* kName = "gate-aware-pgd";
  static constexpr const char* kSummary = "pgd with each way that gradients can pass gates, the worst for each image";
  static constexpr const char* kSource = "Madry et al. 2018, arXiv:1706.06083; worst case over gate gradients";

  struct Options : Pgd::Options {
    Options() {
      steps = 40;
      relative_step_size = 0.1;
    }
    void bind(OptionTable& table) {
      table.integer("steps", &steps, 1, 100'000, "gradient steps for each way");
      bind_step_size(table);
      bind_start(table);
      table.number("momentum", &momentum, 0, 100, "", "decay of the accumulated direction; 0: none");
      table.integer("restarts", &restarts, 1, 10'000, "runs from other starts for each way; the best of them counts");
      band.bind(table);
      table.integer("draws", &objective.draws, 1, 10'000, "gradients a step averages over, for random gates (EOT)");
      objective.bind_loss(table);
    }
  };

  using Stage = AscentAttack<Pgd>;
  static Stage::Options stage(const Options& options) { return options; }
};

}  // namespace aigis
