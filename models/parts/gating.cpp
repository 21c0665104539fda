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
#include <cmath>

#include "lib/core/error.h"
#include "lib/core/text.h"
#include "lib/ops/gumbel.h"

namespace aigis {
namespace {

const std::vector<std::pair<std::string, GateMode>>& modes() {
  static const std::vector<std::pair<std::string, GateMode>> list{
      {"sampled", GateMode::sampled}, {"argmax", GateMode::argmax},     {"always", GateMode::always},
      {"scaled", GateMode::scaled},   {"marginal", GateMode::marginal}, {"fixed", GateMode::fixed},
      {"budget", GateMode::budget}};
  return list;
}

const std::string& name_of(GateMode mode) {
  return std::find_if(modes().begin(), modes().end(), [&](const auto& m) { return m.second == mode; })->first;
}

bool is_random(GateMode mode) { return mode == GateMode::sampled || mode == GateMode::marginal; }

bool needs_rates(GateMode mode) {
  return mode == GateMode::scaled || mode == GateMode::marginal || mode == GateMode::budget;
}

double logit(double rate) {
  // A layer that always or never ran on the training images is near certain, not infinitely so.
  const double p = std::clamp(rate, 1e-6, 1 - 1e-6);
  return std::log(p / (1 - p));
}

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

void GatingOptions::bind(OptionTable& table) {
  table.number("target_rate", &target_rate, 0, 1, "share of images",
               "rate t that each layer is drawn to (equation 9); 1 means always run, without a gate");
  table.numbers("target_rates", &target_rates, 0, 1,
                "a rate for each residual layer, such as 1:1:0.8:…; empty: target_rate for all");
  table.choice<RateLoss>("rate_loss", &rate_loss, {{"sum", RateLoss::sum}, {"mean", RateLoss::mean}},
                         "target-rate loss summed over layers (paper) or averaged (authors' code)");
  table.number("rate_weight", &rate_weight, 0, 1000, "", "factor of the target-rate loss; 1 in the paper");
  table.number("information_weight", &information_weight, 0, 1000, "",
               "reward for the mutual information between image and gate in nats, mean over layers: above 0 gates "
               "decide by the image rather than by their noise (not in the paper)");
  table.integer("gate_hidden", &gate.hidden, 1, 1024, "hidden units d of a gate (section 4.1: 16)");
  table.flag("gate_norm", &gate.norm, "BatchNorm inside the gate (authors' code; not in the paper)");
  table.number("open_probability", &gate.open_probability, 0.01, 0.99, "probability",
               "of an open gate at the start of training (section 4.2: 0.85; authors' code: 0.87)");
  table.choice<GateMode>(
      "gates", &gates, modes(),
      "how gates decide at inference: with Gumbel noise (paper), by the likelier state, "
      "all open, all open and scaled by their rates (ConvNet-AIG*), at their rates whatever the image, as `graph` "
      "says, or exactly `layers` of them");
  table.integer("draws", &draws, 1, 1000, "passes a verdict is averaged over, for sampled and marginal gates");
  table.text("graph", &graph, "gates=fixed: a 0 or 1 for each gated layer, such as 110101011");
  table.integer("layers", &layers, 0, 10'000, "gates=budget: how many gated layers run for every image");
}

Gating::Gating(Weights& weights, const std::vector<GateableLayer>& layers, const GatingOptions& options)
    : options_(options) {
  const std::vector<double>& given = options.target_rates;
  if (!given.empty() && given.size() != layers.size()) {
    throw InputError(
        fmt::format("option 'target_rates' has {} rates; expected {}, one for each layer that may be gated",
                    given.size(), layers.size()));
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    const double target = given.empty() ? options.target_rate : given[i];
    const bool always = target == 1;
    column_of_.push_back(always ? -1 : static_cast<int64_t>(gates_.size()));
    if (always) continue;
    gates_.emplace_back(weights, layers[i].name + ".gate", layers[i].channels, options.gate);
    gated_.push_back({layers[i].name, layers[i].macs, gates_.back().macs()});
    targets_.push_back(target);
  }
  cost_ = at::empty({static_cast<int64_t>(gated_.size())}, at::TensorOptions(at::kDouble));
  double* cost = cost_.mutable_data_ptr<double>();
  for (const auto& layer : gated_) *cost++ = static_cast<double>(layer.macs);

  if (options.gates != GateMode::fixed && !options.graph.empty()) {
    throw InputError(
        fmt::format("option 'graph': is for gates=fixed; with gates={} it would say nothing", name_of(options.gates)));
  }
  if (options.gates != GateMode::budget && options.layers > 0) {
    throw InputError(fmt::format("option 'layers': is for gates=budget; with gates={} it would say nothing",
                                 name_of(options.gates)));
  }
  if (options.gates == GateMode::budget && gated_.empty()) {
    throw InputError(
        "gates=budget: there is nothing to spend it on, for every layer always runs; expected a target rate below 1");
  }
  if (options.gates == GateMode::budget && options.layers == 0) {
    throw InputError(fmt::format("gates=budget: option 'layers' is missing; expected 1 to {}", gated_.size()));
  }
  const bool is_graph =
      options.graph.size() == gated_.size() && options.graph.find_first_not_of("01") == std::string::npos;
  if (options.gates == GateMode::fixed && !is_graph) {
    throw InputError(fmt::format("gates=fixed: graph '{}': expected {} digits of 0 and 1, one for each gated layer",
                                 options.graph, gated_.size()));
  }
  if (options.gates == GateMode::budget && options.layers > static_cast<int64_t>(gated_.size())) {
    throw InputError(fmt::format("gates=budget: layers {}: expected at most {}, the number of gated layers",
                                 options.layers, gated_.size()));
  }
}

int64_t Gating::macs() const {
  int64_t sum = 0;
  for (const auto& layer : gated_) sum += layer.gate_macs;
  return sum;
}

void Gating::describe(ModelCard& card) const {
  card.gated = gated_;
  card.gate_mode = gated_.empty() ? "none" : name_of(options_.gates);
  card.has_random_gates = !gated_.empty() && is_random(options_.gates);
  card.draws = card.has_random_gates ? options_.draws : 1;
}

std::vector<std::string> Gating::mode_names() {
  std::vector<std::string> names;
  for (const auto& [name, mode] : modes()) {
    if (mode != GateMode::fixed && mode != GateMode::budget) names.push_back(name);
  }
  return names;
}

void Gating::set_mode(const std::string& mode) {
  const auto names = mode_names();
  if (std::find(names.begin(), names.end(), mode) == names.end()) {
    throw InputError(unknown_name("gate mode", mode, names));
  }
  options_.gates = std::find_if(modes().begin(), modes().end(), [&](const auto& m) { return m.first == mode; })->second;
}

void Gating::set_rates(const std::vector<double>& rates) {
  if (rates.size() != gated_.size()) {
    throw InputError(
        fmt::format("{} execution rates; expected {}, one for each gated layer", rates.size(), gated_.size()));
  }
  rates_ = rates;
  shifts_ = budget_shifts(rates_, options_.gates == GateMode::budget ? options_.layers : 0);
}

void Gating::check() const {
  if (needs_rates(options_.gates) && rates_.empty() && !gated_.empty()) {
    throw InputError(fmt::format(
        "gates={}: the checkpoint holds no execution rates; train it, or go on with --resume, to have them measured",
        name_of(options_.gates)));
  }
}

at::Tensor Gating::penalty(const Gates& gates) const {
  if (!gates.any()) return {};
  const at::Tensor targets = at::tensor(targets_, at::TensorOptions(at::kFloat)).to(gates.open.device());
  const at::Tensor deviation = gates.open.to(at::kFloat).mean(0) - targets;
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
    decisions.noise_ = gate_noise(pass.noise, pass.image_ids, static_cast<int64_t>(gated_.size()))
                           .to(images.device(), images.scalar_type());
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
      return decide_gate(at::full_like(logits.detach(), logit(gating_->rates_[l])), noise_.select(1, column),
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
  const at::Tensor shifts = gating_->shifts_.select(0, column).to(logits.device(), logits.scalar_type());
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

at::Tensor budget_shifts(const std::vector<double>& rates, int64_t budget) {
  const auto layers = static_cast<int64_t>(rates.size());
  at::Tensor shifts = at::empty({layers, budget + 1}, at::TensorOptions(at::kDouble));
  for (int64_t l = 0; l < layers; ++l) {
    for (int64_t left = 0; left <= budget; ++left) {
      double low = -40, high = 40;  // beyond, every layer is certain
      for (int step = 0; step < 50; ++step) {
        const double shift = (low + high) / 2;
        double expected = 0;
        for (int64_t j = l; j < layers; ++j) {
          expected += 1 / (1 + std::exp(-logit(rates[static_cast<size_t>(j)]) - shift));
        }
        (expected < static_cast<double>(left) ? low : high) = shift;
      }
      shifts[l][left] = (low + high) / 2;
    }
  }
  return shifts;
}

}  // namespace aigis
