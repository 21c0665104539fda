// Reports of a network with one gate, which opens for bright images, and an attack that drives it.
#pragma once

#include <utility>

#include "reports/report.h"
#include "tests/idle.h"
#include "tests/planted_gates.h"

namespace aigis {

/// Brightens images by the budget.
class Brightening : public Idle {
 public:
  using Idle::Idle;
  std::string name() const override { return "brightening"; }
  std::vector<at::Tensor> propose(Victim&, const Batch& batch, Norm, at::ArrayRef<double> epsilons) const override {
    std::vector<at::Tensor> brighter;
    for (const double epsilon : epsilons) brighter.push_back((batch.images + epsilon).clamp(0, 1));
    return brighter;
  }
};

inline Json gated_report(const std::vector<std::shared_ptr<const Attack>>& attacks, std::vector<double> epsilons,
                         std::shared_ptr<Model> model = std::make_shared<Gated>(), bool nested = false,
                         int64_t images = 1'000'000) {
  SweepPlan plan;
  plan.models = {model};
  plan.runs = plan_runs(attacks, {nullptr}, {Access{}}, true);
  plan.epsilons = std::move(epsilons);
  plan.nested = nested;
  plan.data = patterned().first(images);
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  ReportContext context;
  context.tool = context.environment = context.config = Json::object();
  context.models = {{"m", "m.safetensors", std::string(64, '0'), nullptr, {}, model->card()}};
  return make_report(plan, result, {{}}, context);
}

}  // namespace aigis
