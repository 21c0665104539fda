#include "lib/eval/ablation.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>

#include "lib/core/stop.h"
#include "lib/core/upload.h"

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

FrozenGraph::FrozenGraph(std::shared_ptr<Model> model, const Dataset& data, at::Device device)
    : Ablated(std::move(model)), ids_(data.ids) {
  constexpr int64_t kBatch = 100;
  card_.gate_mode = "frozen";
  card_.has_blind_gates = true;
  card_.options["gates"] = "frozen";
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> graphs;
  for (int64_t begin = 0; begin < data.size(); begin += kBatch) {
    check_stop();
    const Batch batch = take(data, begin, kBatch, device);
    graphs.push_back(model_->forward(batch.images, {{0, Purpose::verdict_gates, 0, 0, 0}, batch.ids}).gates.open.cpu());
  }
  graphs_ = graphs.empty() ? at::ones({0, static_cast<int64_t>(card_.gated.size())}) : at::cat(graphs);
}

Output FrozenGraph::forward(const at::Tensor& images, const Pass& pass) {
  if (pass.graph.defined() || ids_.size(0) == 0 || images.size(0) == 0) return model_->forward(images, pass);
  const auto [rows, known] = find_ids(ids_, pass.image_ids);
  Pass frozen = pass;
  frozen.graph = uploaded(graphs_.index_select(0, rows), images.device(), images.scalar_type());
  if (!known.all().item<bool>()) {
    const at::NoGradGuard no_grad;
    const at::Tensor own = model_->forward(images, pass).gates.open;
    frozen.graph = at::where(uploaded(known, images.device()).unsqueeze(1), frozen.graph, own);
  }
  return model_->forward(images, frozen);
}

}  // namespace aigis
