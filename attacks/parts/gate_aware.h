// The same attack with each way that a gradient can pass gates, one after the other on what is left: none of them is
// the best for all images.
#pragma once

#include "attacks/parts/ensemble.h"
#include "attacks/parts/gate_options.h"

namespace aigis {

struct GateAwarePath {
  const char* label;
  GateGradient gradient;
  double temperature;
};
// Where gates are sure a straight-through gradient is noise, and one of softer gates may see further.
inline constexpr GateAwarePath kGateAwarePaths[] = {
    {"straight-through", GateGradient::straight_through, 1},  {"fixed-graph", GateGradient::fixed_graph, 1},
    {"relaxed, temperature 0.3", GateGradient::relaxed, 0.3}, {"relaxed, temperature 1", GateGradient::relaxed, 1},
    {"relaxed, temperature 3", GateGradient::relaxed, 3},     {"expectation", GateGradient::expectation, 1}};

/// `Stage` is the attack, such as AutoPgdAttack<ApgdCe>; `options` of it, to which each stage adds its path.
template <class Stage>
EnsembleStages gate_aware_stages(const typename Stage::Options& options) {
  EnsembleStages stages;
  for (const GateAwarePath& path : kGateAwarePaths) {
    typename Stage::Options stage = options;
    stage.objective.path.gradient = path.gradient;
    stage.objective.path.temperature = path.temperature;
    stages.push_back({path.label, std::make_shared<Stage>(stage)});
  }
  return stages;
}

/// `T` names the attack, has `Stage` and `Options`, and makes the options of a stage: `static Stage::Options
/// stage(options)`.
template <class T>
class GateAware : public Ensemble {
 public:
  static constexpr const char* kName = T::kName;
  static constexpr const char* kSummary = T::kSummary;
  static constexpr const char* kSource = T::kSource;
  using Options = typename T::Options;

  explicit GateAware(const Options& options)
      : options_(options), stages_(gate_aware_stages<typename T::Stage>(T::stage(options))) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  int64_t draws() const override { return options_.objective.draws; }
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
