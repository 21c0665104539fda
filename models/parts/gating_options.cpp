#include "models/parts/gating_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/core/error.h"

namespace aigis {

const std::vector<std::pair<std::string, GateMode>>& gate_modes() {
  static const std::vector<std::pair<std::string, GateMode>> list{
      {"sampled", GateMode::sampled}, {"argmax", GateMode::argmax},     {"always", GateMode::always},
      {"scaled", GateMode::scaled},   {"marginal", GateMode::marginal}, {"fixed", GateMode::fixed},
      {"budget", GateMode::budget}};
  return list;
}

const std::string& gate_mode_name(GateMode mode) {
  return std::find_if(gate_modes().begin(), gate_modes().end(), [&](const auto& m) { return m.second == mode; })->first;
}

GateMode gate_mode_of(const std::string& name) {
  return std::find_if(gate_modes().begin(), gate_modes().end(), [&](const auto& m) { return m.first == name; })->second;
}

bool is_random(GateMode mode) { return mode == GateMode::sampled || mode == GateMode::marginal; }

bool is_blind(GateMode mode) {
  return mode != GateMode::sampled && mode != GateMode::argmax && mode != GateMode::budget;
}

bool needs_rates(GateMode mode) {
  return mode == GateMode::scaled || mode == GateMode::marginal || mode == GateMode::budget;
}

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
      "gates", &gates, gate_modes(),
      "how gates decide at inference: with Gumbel noise (paper), by the likelier state, "
      "all open, all open and scaled by their rates (ConvNet-AIG*), at their rates whatever the image, as `graph` "
      "says, or exactly `layers` of them");
  table.integer("draws", &draws, 1, 1000, "passes a verdict is averaged over").only_with("gates=sampled|marginal");
  table.text("graph", &graph, "a 0 or 1 for each gated layer, such as 110101011").only_with("gates=fixed");
  table.integer("layers", &layers, 0, 10'000, "how many gated layers run for every image, at least 1")
      .only_with("gates=budget");
}

void GatingOptions::check(size_t count) const {
  if (!target_rates.empty() && target_rates.size() != count) {
    throw InputError(
        fmt::format("option 'target_rates' has {} rates; expected {}, one for each layer that may be gated",
                    target_rates.size(), count));
  }
  size_t gated = 0;
  for (size_t layer = 0; layer < count; ++layer) gated += target(layer) < 1 ? 1 : 0;
  if (gates == GateMode::budget && gated == 0) {
    throw InputError(
        "gates=budget: there is nothing to spend it on, for every layer always runs; expected a target rate below 1");
  }
  const bool is_graph = graph.size() == gated && graph.find_first_not_of("01") == std::string::npos;
  if (gates == GateMode::fixed && !is_graph) {
    throw InputError(
        fmt::format("gates=fixed: graph '{}': expected {} digits of 0 and 1, one for each gated layer", graph, gated));
  }
  if (gates == GateMode::budget && (layers < 1 || layers > static_cast<int64_t>(gated))) {
    throw InputError(
        fmt::format("gates=budget: layers={}: expected 1 to {}, the number of gated layers", layers, gated));
  }
}

}  // namespace aigis
