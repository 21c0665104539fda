#include "lib/eval/ablation.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>

#include "lib/core/stop.h"
#include "lib/core/upload.h"
#include "lib/ops/autocast.h"

namespace aigis {

Output FixedNoise::forward(const at::Tensor& images, const Pass& pass) {
  Pass same = pass;
  same.noise = {seed_, Purpose::verdict_gates, 0, 0, 0};
  same.drawn = at::Tensor();
  return model_->forward(images, same);
}

Output AllOpen::forward(const at::Tensor& images, const Pass& pass) {
  Pass open = pass;
  open.graph = at::ones({static_cast<int64_t>(card_.gated.size())}, images.options());
  return model_->forward(images, open);
}

FrozenGraph::FrozenGraph(std::shared_ptr<Model> model, Dataset data, at::Device device)
    : Ablated(std::move(model)), data_(std::move(data)), device_(device) {
  card_.gate_mode = "frozen";
  card_.has_blind_gates = true;
  card_.options["gates"] = "frozen";
  if (data_.size() > 0) graphs_behind(nullptr);
}

at::Tensor FrozenGraph::find_graphs(const Before& before) {
  constexpr int64_t kBatch = 100;
  const at::NoGradGuard no_grad;
  const AutocastScope exact(device_.type(), at::kFloat);  // whatever pass asks for them first
  std::vector<at::Tensor> graphs;
  for (int64_t begin = 0; begin < data_.size(); begin += kBatch) {
    check_stop();
    const Batch batch = take(data_, begin, kBatch, device_);
    const Pass pass{{0, Purpose::verdict_gates, 0, 0, 0}, batch.ids};
    const at::Tensor images = before ? before->apply(batch.images, pass) : batch.images;
    graphs.push_back(model_->forward(images, pass).gates.open.cpu());
  }
  return at::cat(graphs);
}

at::Tensor FrozenGraph::graphs_behind(const Before& before) {
  const std::scoped_lock lock(guard_);
  at::Tensor& graphs = graphs_[before];
  if (!graphs.defined()) graphs = find_graphs(before);
  return graphs;
}

Output FrozenGraph::forward(const at::Tensor& images, const Pass& pass) {
  if (pass.graph.defined() || data_.size() == 0 || images.size(0) == 0) return model_->forward(images, pass);
  const auto [rows, known] = find_ids(data_.ids, pass.image_ids);
  Pass frozen = pass;
  frozen.graph = uploaded(graphs_behind(pass.before).index_select(0, rows), images.device(), images.scalar_type());
  if (!known.all().item<bool>()) {
    const at::NoGradGuard no_grad;
    const at::Tensor own = model_->forward(images, pass).gates.open;
    frozen.graph = at::where(uploaded(known, images.device()).unsqueeze(1), frozen.graph, own);
  }
  return model_->forward(images, frozen);
}

}  // namespace aigis
