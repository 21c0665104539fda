#include "lib/eval/recorded_model.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>

#include "lib/ops/gumbel.h"

namespace aigis {
namespace {

/// A batch shrinks in sixteen steps, whose passes are with a gradient and without. Kinds beyond these run as they are.
constexpr int64_t kMostRecordings = 64;

}  // namespace

RecordedModel::Kind RecordedModel::kind_of(const at::Tensor& images, const Pass& pass) {
  const at::DeviceType device = images.device().type();
  return {images.sizes().vec(),
          pass.graph.defined() ? pass.graph.sizes().vec() : std::vector<int64_t>{},
          images.scalar_type(),
          at::autocast::is_autocast_enabled(device) ? at::autocast::get_autocast_dtype(device) : images.scalar_type(),
          at::GradMode::is_enabled() && images.requires_grad(),
          pass.gate_gradient,
          pass.temperature};
}

Output RecordedModel::forward(const at::Tensor& images, const Pass& pass) {
  if (images.size(0) == 0) return model_->forward(images, pass);
  const Kind kind = kind_of(images, pass);
  Met& met = met_[kind];
  if (!met.recorded && (++met.times == 1 || recordings_ == kMostRecordings)) return model_->forward(images, pass);
  Pass complete = pass;
  if (card().has_random_gates && !pass.graph.defined() && !pass.drawn.defined()) {
    complete.drawn = gate_noise(pass.noise, pass.image_ids, static_cast<int64_t>(card().gated.size()));
  }
  if (!met.recorded) {
    std::shared_ptr<RecordingPool>& pool = kind.keeps_gradient ? with_gradient_ : without_gradient_;
    if (!pool) pool = std::make_shared<RecordingPool>(images.device());
    met.recorded = std::make_shared<RecordedPass>(*model_, images, complete, pool);
    ++recordings_;
  }
  ++replays_;
  return met.recorded->forward(images, complete);
}

}  // namespace aigis
