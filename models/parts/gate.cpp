#include "models/parts/gate.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>

#include <cmath>

namespace aigis {
namespace {

// The authors draw the last layer nearly constant, so that every gate starts at its bias.
constexpr double kLastLayerDeviation = 0.001;

}  // namespace

Gate::Gate(Weights& weights, const std::string& name, int64_t channels, const GateOptions& options)
    : first_(weights, name + ".fc1", channels, options.hidden), has_norm_(options.norm) {
  if (has_norm_) norm_ = BatchNorm(weights, name + ".norm", options.hidden);
  at::Tensor bias = weights.constant(name + ".fc2.bias", {2}, 0);
  const double p = options.open_probability;
  bias.detach().select(0, 1).fill_(std::log(p / (1 - p)));
  second_ = Linear(weights.normal(name + ".fc2.weight", {2, options.hidden}, kLastLayerDeviation), bias);
}

at::Tensor Gate::logits(const at::Tensor& x, bool training) const {
  if (folded_.first.defined()) {
    const bool keeps_gradient = at::GradMode::is_enabled() && x.requires_grad();
    if (!keeps_gradient && has_fast_gate_logits(x)) return gate_logits(x, folded_);
    const at::Tensor hidden = at::linear(global_average_pool(x), folded_.first, folded_.first_bias);
    return at::linear(at::relu(hidden), folded_.second, folded_.second_bias).squeeze(1);
  }
  at::Tensor hidden = first_(global_average_pool(x));
  if (has_norm_) hidden = norm_(hidden, training);
  const at::Tensor beta = second_(at::relu(hidden));
  return beta.select(1, 1) - beta.select(1, 0);
}

void Gate::fold() {
  at::Tensor weight = first_.weight().detach(), bias = first_.bias().detach();
  if (has_norm_) {
    weight = weight * norm_.scale().unsqueeze(1);
    bias = bias * norm_.scale() + norm_.shift();
  }
  const auto open_minus_closed = [](const at::Tensor& rows) {
    return (rows.detach().slice(0, 1, 2) - rows.detach().slice(0, 0, 1)).contiguous();
  };
  folded_ = {weight.contiguous(), bias.contiguous(), open_minus_closed(second_.weight()),
             open_minus_closed(second_.bias())};
}

}  // namespace aigis
