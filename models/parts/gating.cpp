#include "models/parts/gating.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lib/core/error.h"
#include "lib/core/text.h"
#include "lib/core/upload.h"
#include "lib/ops/gumbel.h"
#include "models/parts/gate_budget.h"

namespace aigis {
namespace {

/// H(E[p]) - E[H(p)] of each layer over a batch, where H is the entropy of a coin; [L], in nats.
at::Tensor mutual_information(const at::Tensor& probability) {
  const auto entropy = [](const at::Tensor& p) {
    constexpr double kLeast = 1e-6;  // p log p is 0 at 0, but its gradient is not finite
    const at::Tensor q = p.clamp(kLeast, 1 - kLeast);
    return -(q * q.log() + (1 - q) * (1 - q).log());
  };
  return entropy(probability.mean(0)) - entropy(probability).mean(0);
}

}  // namespace

Gating::Gating(Weights& weights, const std::vector<GateableLayer>& layers, const GatingOptions& options)
    : options_(options) {
  options.check(layers.size());
  std::vector<double> targets;
  for (size_t i = 0; i < layers.size(); ++i) {
    const double target = options.target(i);
    const bool always = target == 1;
    column_of_.push_back(always ? -1 : static_cast<int64_t>(gates_.size()));
    if (always) continue;
    gates_.emplace_back(weights, layers[i].name + ".gate", layers[i].channels, options.gate);
    gated_.push_back({layers[i].name, layers[i].macs, gates_.back().macs()});
    targets.push_back(target);
  }
  cost_ = at::empty({static_cast<int64_t>(gated_.size())}, at::TensorOptions(at::kDouble));
  double* cost = cost_.mutable_data_ptr<double>();
  for (const auto& layer : gated_) *cost++ = static_cast<double>(layer.macs);
  targets_ = at::tensor(targets, at::TensorOptions(at::kFloat));
}

int64_t Gating::macs() const {
  int64_t sum = 0;
  for (const auto& layer : gated_) sum += layer.gate_macs;
  return sum;
}

void Gating::describe(ModelCard& card) const {
  card.gated = gated_;
  card.gate_mode = gated_.empty() ? "none" : gate_mode_name(options_.gates);
  card.has_random_gates = !gated_.empty() && is_random(options_.gates);
  card.has_blind_gates = !gated_.empty() && is_blind(options_.gates);
  card.draws = card.has_random_gates ? options_.draws : 1;
}

std::vector<std::string> Gating::mode_names() {
  std::vector<std::string> names;
  for (const auto& [name, mode] : gate_modes()) {
    if (mode != GateMode::fixed && mode != GateMode::budget) names.push_back(name);
  }
  return names;
}

void Gating::set_mode(const std::string& mode) {
  const auto names = mode_names();
  if (std::find(names.begin(), names.end(), mode) == names.end()) {
    throw InputError(unknown_name("gate mode", mode, names));
  }
  options_.gates = gate_mode_of(mode);
}

void Gating::set_rates(const std::vector<double>& rates) {
  if (rates.size() != gated_.size()) {
    throw InputError(
        fmt::format("{} execution rates; expected {}, one for each gated layer", rates.size(), gated_.size()));
  }
  rates_ = rates;
  shifts_ = budget_shifts(rates_, options_.gates == GateMode::budget ? options_.layers : 0).to(device_);
}

void Gating::move_to(at::Device device) {
  device_ = device;
  targets_ = targets_.to(device);
  if (shifts_.defined()) shifts_ = shifts_.to(device);
}

void Gating::check() const {
  if (needs_rates(options_.gates) && rates_.empty() && !gated_.empty()) {
    throw InputError(fmt::format(
        "gates={}: the checkpoint holds no execution rates; train it, or go on with --resume, to have them measured",
        gate_mode_name(options_.gates)));
  }
}

at::Tensor Gating::penalty(const Gates& gates) const {
  if (!gates.any()) return {};
  const at::Tensor deviation = gates.open.to(at::kFloat).mean(0) - targets_;
  const at::Tensor squares = deviation * deviation;
  at::Tensor loss = (options_.rate_loss == RateLoss::sum ? squares.sum() : squares.mean()) * options_.rate_weight;
  if (options_.information_weight > 0) {
    loss = loss - mutual_information(gates.probability.to(at::kFloat)).mean() * options_.information_weight;
  }
  return loss;
}

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
