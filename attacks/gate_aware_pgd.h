// Gate-aware PGD: the worst for each image of PGD with every way that gradients can pass gates.
#pragma once

#include "attacks/parts/gate_aware.h"
#include "attacks/pgd.h"

namespace aigis {

struct GateAwarePgd {
  static constexpr const char* kName = "gate-aware-pgd";
  static constexpr const char* kSummary = "pgd with each way that gradients can pass gates, the worst for each image";
  static constexpr const char* kSource = "Madry et al. 2018, arXiv:1706.06083; worst case over gate gradients";

  struct Options {
    int64_t steps = 40;
    double relative_step_size = 0.1;
    ObjectiveOptions objective;
    void bind(OptionTable& table) {
      table.integer("steps", &steps, 1, 100'000, "gradient steps for each way");
      table.number("relative_step_size", &relative_step_size, 1e-6, 10, "epsilons", "length of a step");
      table.integer("draws", &objective.draws, 1, 10'000, "gradients a step averages over, for random gates (EOT)");
      objective.bind_loss(table);
    }
  };

  using Stage = AscentAttack<Pgd>;
  static Stage::Options stage(const Options& options) {
    Stage::Options stage;
    stage.steps = options.steps;
    stage.relative_step_size = options.relative_step_size;
    stage.objective = options.objective;
    return stage;
  }
};

}  // namespace aigis
