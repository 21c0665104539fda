#include "checks/loss_trace.h"

#include <ATen/core/grad_mode.h>

namespace aigis::checks {

LossTrace::LossTrace(std::shared_ptr<Model> model, const Dataset& data, const TwoSteps& steps)
    : model_(std::move(model)), steps_(steps) {
  for (int64_t i = 0; i < data.size(); ++i) labels_[data.ids[i].item<int64_t>()] = data.labels[i].item<int64_t>();
}

Output LossTrace::forward(const at::Tensor& images, const Pass& pass) {
  Output output = model_->forward(images, pass);
  const bool is_before = pass.noise.step == steps_.before, is_after = pass.noise.step == steps_.after;
  const bool has_gradient = at::GradMode::is_enabled();  // or else it is a look, or the verdict
  if (!has_gradient || pass.noise.restart != steps_.restart || !(is_before || is_after)) return output;
  const at::Tensor chances = output.logits.detach().log_softmax(1).to(at::kDouble).cpu();
  const std::scoped_lock lock(guard_);
  for (int64_t i = 0; i < images.size(0); ++i) {
    const auto label = labels_.find(pass.image_ids[i].item<int64_t>());
    if (label == labels_.end()) continue;
    Losses& losses = losses_[label->first];
    (is_before ? losses.before : losses.after)[pass.noise.draw] = -chances[i][label->second].item<double>();
  }
  return output;
}

std::optional<std::pair<double, double>> LossTrace::means(int64_t id) const {
  const auto found = losses_.find(id);
  if (found == losses_.end()) return {};
  double before = 0, after = 0, count = 0;
  for (const auto& [draw, loss] : found->second.after) {
    const auto same = found->second.before.find(draw);
    if (same == found->second.before.end()) continue;
    before += same->second;
    after += loss;
    ++count;
  }
  if (count == 0) return {};
  return std::pair(before / count, after / count);
}

}  // namespace aigis::checks
