// Gate-aware APGD: the worst for each image of APGD-CE with every way that gradients can pass gates.
#pragma once

#include "attacks/apgd_ce.h"
#include "attacks/parts/gate_aware.h"

namespace aigis {

class GateAwareApgd : public Ensemble {
 public:
  static constexpr const char* kName = "gate-aware-apgd";
  static constexpr const char* kSummary =
      "apgd-ce with each way that gradients can pass gates, the worst for each image";
  static constexpr const char* kSource = "Croce & Hein 2020, arXiv:2003.01690; worst case over gate gradients";

  struct Options {
    int64_t steps = 100;
    ObjectiveOptions objective;
    void bind(OptionTable& table) {
      table.integer("steps", &steps, 1, 100'000, "gradient steps for each way");
      table.integer("draws", &objective.draws, 1, 10'000, "gradients a step averages over, for random gates (EOT)");
      objective.bind_loss(table);
    }
  };

  explicit GateAwareApgd(const Options& options) : options_(options) {
    ApgdCe::Options stage;
    stage.steps = options.steps;
    stage.objective = options.objective;
    stages_ = gate_aware_stages<AutoPgdAttack<ApgdCe>>(stage);
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
