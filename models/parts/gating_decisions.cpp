// What the gates of one forward pass decide, layer after layer.
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lib/core/error.h"
#include "lib/core/upload.h"
#include "lib/ops/gumbel.h"
#include "models/parts/gate_budget.h"
#include "models/parts/gating.h"

namespace aigis {

Gating::Decisions Gating::begin(const at::Tensor& images, const Pass& pass, bool training) const {
  if (pass.graph.defined()) {
    const auto layers = static_cast<int64_t>(gated_.size());
    const bool fits = pass.graph.dim() == 1 ? pass.graph.size(0) == layers
                                            : pass.graph.dim() == 2 && pass.graph.size(0) == images.size(0) &&
                                                  pass.graph.size(1) == layers;
    if (!fits) {
      throw InputError(fmt::format("gates to replay are [{}]; expected [{}] or [{}, {}]",
                                   fmt::join(pass.graph.sizes(), ", "), layers, images.size(0), layers));
    }
  }
  Decisions decisions;
  decisions.gating_ = this;
  decisions.pass_ = pass;
  decisions.mode_ = training ? GateMode::sampled : options_.gates;
  if (is_random(decisions.mode_) && !gated_.empty() && !pass.graph.defined()) {
    const auto layers = static_cast<int64_t>(gated_.size());
    const at::Tensor noise = pass.drawn.defined() ? pass.drawn : gate_noise(pass.noise, pass.image_ids, layers);
    decisions.noise_ = uploaded(noise, images.device(), images.scalar_type());
  }
  return decisions;
}

Factor Gating::Decisions::decide(size_t index, const at::Tensor& input, bool training) {
  const int64_t column = gating_->column_of_.at(index);
  if (column < 0) return {};
  logits_.push_back(gating_->gates_[static_cast<size_t>(column)].logits(input, training));
  open_.push_back(state(column, logits_.back()));
  if (!pass_.graph.defined()) {
    if (mode_ == GateMode::always) return {};
    if (mode_ == GateMode::scaled) return {.scale = gating_->rates_[static_cast<size_t>(column)]};
  }
  return {.per_image = open_.back(), .rate = expected_rate(static_cast<size_t>(column))};
}

double Gating::Decisions::expected_rate(size_t column) const {
  // Rates are those of sampled gates; what other modes decide has its own.
  const bool holds = pass_.graph.defined() || is_random(mode_);
  return holds && !gating_->rates_.empty() ? gating_->rates_[column] : -1;
}

at::Tensor Gating::Decisions::state(int64_t column, const at::Tensor& logits) const {
  const auto l = static_cast<size_t>(column);
  if (pass_.graph.defined()) {
    const at::Tensor given =
        pass_.graph.dim() == 1 ? pass_.graph[column].expand({logits.size(0)}) : pass_.graph.select(1, column);
    return given.to(logits.device(), logits.scalar_type());
  }
  const auto decided = [&](const at::Tensor& noise) {
    return decide_gate(logits, noise, pass_.gate_gradient, pass_.temperature);
  };
  switch (mode_) {
    case GateMode::sampled: return decided(noise_.select(1, column));
    case GateMode::argmax: return decided({});
    case GateMode::always:
    case GateMode::scaled: return at::ones_like(logits.detach());
    case GateMode::marginal:
      return decide_gate(at::full_like(logits.detach(), rate_logit(gating_->rates_[l])), noise_.select(1, column),
                         GateGradient::fixed_graph);
    case GateMode::fixed: return at::full_like(logits.detach(), gating_->options_.graph[l] == '1' ? 1 : 0);
    case GateMode::budget: return within_budget(column, logits);
  }
  throw std::logic_error("unknown gate mode");
}

at::Tensor Gating::Decisions::within_budget(int64_t column, const at::Tensor& logits) const {
  at::Tensor left = at::full_like(logits.detach(), gating_->options_.layers);
  for (const auto& open : open_) left = left - open.detach();
  const auto layers = static_cast<int64_t>(gating_->gated_.size());
  const at::Tensor shifts = gating_->shifts_.select(0, column).to(logits.scalar_type());
  // What is left of the budget is counted in hard gates, so relaxed ones pass their gradient straight through.
  const GateGradient gradient =
      pass_.gate_gradient == GateGradient::relaxed ? GateGradient::straight_through : pass_.gate_gradient;
  const at::Tensor free =
      decide_gate(logits + shifts.index_select(0, left.to(at::kLong)), {}, gradient, pass_.temperature);
  const at::Tensor must_run = left.ge(layers - column), must_skip = left.le(0);
  return at::where(must_run, at::ones_like(free), at::where(must_skip, at::zeros_like(free), free));
}

Gates Gating::Decisions::gates() const {
  if (open_.empty()) return {};
  Gates gates;
  gates.open = at::stack(open_, 1);
  gates.logits = at::stack(logits_, 1);
  gates.probability = gates.logits.sigmoid();
  gates.cost = gating_->cost_;
  return gates;
}

}  // namespace aigis
