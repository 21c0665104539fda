#include "models/parts/gating.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>

#include "lib/core/error.h"
#include "lib/core/text.h"
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

}  // namespace aigis
