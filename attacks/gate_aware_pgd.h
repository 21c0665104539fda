// Gate-aware PGD: the worst for each image of PGD with every way that gradients can pass gates.
#pragma once

#include "attacks/parts/gate_aware.h"
#include "attacks/pgd.h"

namespace aigis {

class GateAwarePgd : public Ensemble {
 public:
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

  explicit GateAwarePgd(const Options& options) : options_(options) {
    Pgd::Options stage;
    stage.steps = options.steps;
    stage.relative_step_size = options.relative_step_size;
    stage.objective = options.objective;
    stages_ = gate_aware_stages<AscentAttack<Pgd>>(stage);
  }
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::string gradient_mode() const override { return "all"; }
  void check(const ModelCard& card) const override {
    check_gated(card);
    Ensemble::check(card);
  }

 private:
  const EnsembleStages& stages(Norm) const override { return stages_; }
  Options options_;
  EnsembleStages stages_;
};

}  // namespace aigis
