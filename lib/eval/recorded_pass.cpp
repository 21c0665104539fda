#include "lib/eval/recorded_pass.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "lib/core/error.h"
#include "lib/core/upload.h"

namespace aigis {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// A place for such a tensor beside images, with its numbers to begin with; undefined for none.
at::Tensor place_for(const at::Tensor& tensor, const at::Tensor& images) {
  return tensor.defined() ? uploaded(tensor.detach(), images.device(), images.scalar_type()).clone() : at::Tensor();
}

void copy_to(const at::Tensor& place, const at::Tensor& tensor) {
  if (place.defined()) place.copy_(uploaded(tensor.detach(), place.device(), place.scalar_type()));
}

}  // namespace

/// The step in autograd's graph that stands for the whole pass.
struct RecordedPass::Replay : torch::autograd::Function<Replay> {
  struct Held : torch::CustomClassHolder {
    Held(std::shared_ptr<RecordedPass> recorded, uint64_t number) : pass(std::move(recorded)), turn(number) {}
    std::shared_ptr<RecordedPass> pass;
    uint64_t turn;
  };

  static variable_list forward(AutogradContext* context, const at::Tensor& images, RecordedPass* recorded,
                               const Pass& pass) {
    const variable_list outputs = recorded->replay_forward(images, pass);
    context->set_materialize_grads(false);
    context->saved_data["held"] =
        c10::IValue::make_capsule(c10::make_intrusive<Held>(recorded->shared_from_this(), recorded->pool_->take()));
    variable_list constants;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!recorded->differentiable_[i]) constants.push_back(outputs[i]);
    }
    context->mark_non_differentiable(constants);
    return outputs;
  }

  static variable_list backward(AutogradContext* context, const variable_list& slopes) {
    const auto held = c10::static_intrusive_pointer_cast<Held>(context->saved_data.at("held").toCapsule());
    if (!held->pass->pool_->is_current(held->turn)) {
      throw RunError("passes=recorded: a gradient of a pass was asked for after the next pass had taken its memory");
    }
    return {held->pass->replay_backward(slopes), at::Tensor(), at::Tensor()};
  }
};

RecordedPass::RecordedPass(Model& model, const at::Tensor& images, const Pass& pass,
                           std::shared_ptr<RecordingPool> pool)
    : model_(model), pool_(std::move(pool)), keeps_gradient_(at::GradMode::is_enabled() && images.requires_grad()),
      images_(images.detach().clone().set_requires_grad(keeps_gradient_)), pass_(pass) {
  pass_.image_ids = at::Tensor();
  pass_.graph = place_for(pass.graph, images);
  pass_.drawn = place_for(pass.drawn, images);
  const at::Device device = images.device();
  std::vector<Recording::Function> functions{[this] { run_forward(); }};
  warm_up(device, functions[0]);
  if (keeps_gradient_) {
    for (const auto& output : outputs_) slopes_.push_back(at::zeros_like(output.detach()));
    functions.emplace_back([this] { gradients_[0] = run_backward(1); });
    if (outputs_.size() > 1) functions.emplace_back([this] { gradients_[1] = run_backward(outputs_.size()); });
  }
  for (int i = 0; i < kWarmUps; ++i) {
    for (const auto& function : functions) warm_up(device, function);
  }
  recording_ = std::make_unique<Recording>(device, std::move(functions), *pool_);
  for (auto& output : outputs_) {
    differentiable_.push_back(output.requires_grad());
    // A GPU's recording has written down where all that it keeps for its backward pass lies. Without autograd's graph
    // the pool can give the same places to the next recording.
    if (!device.is_cpu()) output = output.detach();
  }
}

void RecordedPass::run_forward() {
  const at::AutoGradMode mode(keeps_gradient_);
  const Output output = model_.forward(images_, pass_);
  outputs_ = {output.logits};
  if (!output.gates.any()) return;
  outputs_.insert(outputs_.end(), {output.gates.open, output.gates.logits, output.gates.probability});
  cost_ = output.gates.cost;
}

at::Tensor RecordedPass::run_backward(size_t outputs) const {
  variable_list values, slopes;
  for (size_t i = 0; i < outputs; ++i) {
    if (!outputs_[i].requires_grad()) continue;
    values.push_back(outputs_[i]);
    slopes.push_back(slopes_[i]);
  }
  // Kept, so that several backward passes may follow a forward pass.
  return torch::autograd::grad(values, {images_}, slopes, /*retain_graph=*/true).front();
}

std::vector<at::Tensor> RecordedPass::replay_forward(const at::Tensor& images, const Pass& pass) {
  const at::NoGradGuard no_grad;
  copy_to(images_, images);
  copy_to(pass_.graph, pass.graph);
  copy_to(pass_.drawn, pass.drawn);
  recording_->replay(0);
  std::vector<at::Tensor> outputs;
  for (const auto& output : outputs_) outputs.push_back(output.detach().clone());
  return outputs;
}

at::Tensor RecordedPass::replay_backward(const std::vector<at::Tensor>& slopes) const {
  const bool by_gates =
      std::any_of(slopes.begin() + 1, slopes.end(), [](const at::Tensor& slope) { return slope.defined(); });
  const size_t used = by_gates ? slopes.size() : 1;
  for (size_t i = 0; i < used; ++i) {
    if (slopes[i].defined()) slopes_[i].copy_(slopes[i]);
    else slopes_[i].zero_();
  }
  recording_->replay(by_gates ? 2 : 1);
  return gradients_[by_gates ? 1 : 0].clone();
}

Output RecordedPass::forward(const at::Tensor& images, const Pass& pass) {
  const std::vector<at::Tensor> outputs =
      keeps_gradient_ ? Replay::apply(images, this, pass) : replay_forward(images, pass);
  Output output{outputs[0], {}};
  if (outputs.size() > 1) output.gates = {outputs[1], outputs[2], outputs[3], cost_};
  return output;
}

}  // namespace aigis
