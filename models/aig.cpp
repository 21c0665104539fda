#include "models/aig.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/stack.h>


#include "lib/ops/gumbel.h"

namespace aigis {

namespace {

const std::vector<std::pair<std::string, GateMode>>& modes() {
  static const std::vector<std::pair<std::string, GateMode>> list{{"sampled", GateMode::sampled},
                                                                  {"argmax", GateMode::argmax}};
  return list;
}

}  // namespace

void AigOptions::bind(OptionTable& table) {
  table.choice<Shortcut>("shortcut", &shortcut, {{"conv", Shortcut::conv}, {"identity", Shortcut::identity}},
                         "shortcut where the shape changes: 1x1 convolution, or every second pixel");
  table.number("target_rate", &target_rate, 0, 1, "share of images", "rate t that each layer is drawn to (equation 9)");
  table.choice<RateLoss>("rate_loss", &rate_loss, {{"sum", RateLoss::sum}, {"mean", RateLoss::mean}},
                         "target-rate loss summed over layers (paper) or averaged (authors' code)");
  table.number("rate_weight", &rate_weight, 0, 1000, "", "factor of the target-rate loss; 1 in the paper");
  table.integer("gate_hidden", &gate.hidden, 1, 1024, "hidden units d of a gate (section 4.1: 16)");
  table.flag("gate_norm", &gate.norm, "BatchNorm inside the gate (authors' code; not in the paper)");
  table.number("open_probability", &gate.open_probability, 0.01, 0.99, "probability",
               "of an open gate at the start of training (section 4.2: 0.85; authors' code: 0.87)");
  table.choice<GateMode>("gates", &gates, modes(),
                         "how gates decide at inference: with Gumbel noise (paper) or by the likelier state");
  table.integer("draws", &draws, 1, 1000, "passes a verdict is averaged over, for sampled gates");
}

Aig::Aig(const NetworkShape& shape, const Options& options)
    : WeightedNetwork(shape), options_(options),
      trunk_(weights_, shape.depth, shape.classes, shape.input, options.shortcut) {
  apply_mode();
  card_.macs_always = trunk_.macs_always();
  for (const auto& block : trunk_.blocks()) {
    gates_.emplace_back(weights_, block.name + ".gate", block.in_channels, options.gate);
    card_.gated.push_back({block.name, block.macs, gates_.back().macs()});
    card_.macs_always += gates_.back().macs();
  }
  card_.parameters = weights_.count();
  cost_ = at::empty({static_cast<int64_t>(gates_.size())}, at::TensorOptions(at::kDouble));
  double* cost = cost_.mutable_data_ptr<double>();
  for (const auto& layer : card_.gated) *cost++ = static_cast<double>(layer.macs);
}

void Aig::apply_mode() {
  card_.options = option_values(options_);
  card_.gate_mode = card_.options["gates"];
  card_.draws = options_.gates == GateMode::sampled ? options_.draws : 1;
}

std::vector<std::string> Aig::gate_modes() const {
  std::vector<std::string> names;
  for (const auto& [name, mode] : modes()) names.push_back(name);
  return names;
}

void Aig::set_gate_mode(const std::string& mode) {
  OptionTable table;
  options_.bind(table);
  table.assign(Spec{card_.architecture, "", {{"gates", mode}}}, "model '" + card_.architecture + "'");
  apply_mode();
}

Output Aig::forward(const at::Tensor& images, const Pass& pass) {
  const bool noisy = training_ || options_.gates == GateMode::sampled;
  at::Tensor noise;
  if (noisy) {
    noise = gate_noise(pass.noise, pass.image_ids, static_cast<int64_t>(gates_.size()))
                .to(images.device(), images.scalar_type());
  }
  at::Tensor x = trunk_.stem(images, training_);
  std::vector<at::Tensor> open, logits;
  for (size_t l = 0; l < gates_.size(); ++l) {
    const auto& block = trunk_.blocks()[l];
    logits.push_back(gates_[l].logits(x, training_));
    open.push_back(hard_gate(logits.back(), noisy ? noise.select(1, static_cast<int64_t>(l)) : noise, pass.gate_gradient));
    const at::Tensor z = open.back().to(x.scalar_type()).view({-1, 1, 1, 1});
    x = at::relu(block.shortcut(x, training_) + z * block.residual(x, training_));
  }
  Output output;
  output.logits = trunk_.head(x);
  output.gates.open = at::stack(open, 1);
  output.gates.logits = at::stack(logits, 1);
  output.gates.probability = output.gates.logits.sigmoid();
  output.gates.cost = cost_;
  return output;
}

at::Tensor Aig::penalty(const Output& output) const {
  const at::Tensor deviation = output.gates.open.to(at::kFloat).mean(0) - options_.target_rate;
  const at::Tensor squares = deviation * deviation;
  return (options_.rate_loss == RateLoss::sum ? squares.sum() : squares.mean()) * options_.rate_weight;
}

}  // namespace aigis
