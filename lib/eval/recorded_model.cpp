#include "lib/eval/recorded_model.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>

#include "lib/ops/gumbel.h"

namespace aigis {

RecordedModel::Kind RecordedModel::kind_of(const at::Tensor& images, const Pass& pass) const {
  const at::DeviceType device = images.device().type();
  Kind kind{images.sizes().vec(),
            pass.graph.defined() ? pass.graph.sizes().vec() : std::vector<int64_t>{},
            images.scalar_type(),
            at::autocast::is_autocast_enabled(device) ? at::autocast::get_autocast_dtype(device) : images.scalar_type(),
            at::GradMode::is_enabled() && images.requires_grad(),
            GateGradient::fixed_graph,
            /*temperature=*/1};
  const bool goes_through_gates = kind.keeps_gradient && !card().gated.empty() && !pass.graph.defined() &&
                                  pass.gate_gradient != GateGradient::expectation &&
                                  pass.gate_gradient != GateGradient::fixed_graph;
  if (goes_through_gates) {  // else decide_gate() reads neither
    kind.gate_gradient = pass.gate_gradient;
    kind.temperature = pass.temperature;
  }
  return kind;
}

Output RecordedModel::forward(const at::Tensor& images, const Pass& pass) {
  if (images.size(0) == 0) return model_->forward(images, pass);
  const Kind kind = kind_of(images, pass);
  Met& met = met_[kind];
  if (!met.recorded && ++met.times < limits_.meetings) return model_->forward(images, pass);
  Pass complete = pass;
  const bool draws = card().has_random_gates && !pass.graph.defined();
  if (!draws) complete.drawn = at::Tensor();  // whether it is there must not hang on the pass
  if (draws && !pass.drawn.defined()) {
    complete.drawn = gate_noise(pass.noise, pass.image_ids, static_cast<int64_t>(card().gated.size()));
  }
  if (!met.recorded) record(kind, images, complete);
  met.last_replay = ++replays_;
  return met.recorded->forward(images, complete);
}

void RecordedModel::record(const Kind& kind, const at::Tensor& images, const Pass& pass) {
  if (recordings_ == limits_.most) forget_least_recent();
  std::weak_ptr<RecordingPool>& kept = kind.keeps_gradient ? with_gradient_ : without_gradient_;
  std::shared_ptr<RecordingPool> pool = kept.lock();
  if (!pool) kept = pool = std::make_shared<RecordingPool>(images.device());
  met_.at(kind).recorded = std::make_shared<RecordedPass>(*model_, images, pass, std::move(pool));
  ++recordings_;
}

void RecordedModel::forget_least_recent() {
  Met* oldest = nullptr;
  for (auto& [kind, met] : met_) {
    if (met.recorded && (oldest == nullptr || met.last_replay < oldest->last_replay)) oldest = &met;
  }
  *oldest = {};
  --recordings_;
}

}  // namespace aigis
