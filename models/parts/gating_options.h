// What a network's gates are told: how training draws them to a rate, and how they decide at inference.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/core/options.h"
#include "models/parts/gate.h"

namespace aigis {

enum class GateMode {
  sampled,   ///< Gumbel noise at test time too, as in the paper
  argmax,    ///< the likelier state; deterministic
  always,    ///< every layer runs
  scaled,    ///< every layer runs, multiplied by its execution rate (ConvNet-AIG*, section 4.1)
  marginal,  ///< drawn at the layer's execution rate, whatever the image: what stochastic depth would do
  fixed,     ///< the same graph for every image
  budget,    ///< exactly `layers` gated layers run for every image
};
enum class RateLoss {
  sum,   ///< over layers (paper, equation 9)
  mean,  ///< over layers (the authors' code)
};

struct GatingOptions {
  double target_rate = 0.7;
  std::vector<double> target_rates;  ///< one for each layer; empty: target_rate for all; 1 means always run
  RateLoss rate_loss = RateLoss::sum;
  double rate_weight = 1;  ///< factor of the target-rate loss; 1 in the paper, 2 (of the mean) in the authors' code
  /// Factor of the mutual information between the image and each gate, in nats and averaged over layers, which training
  /// then rewards (Krause, Perona & Gomes, NIPS 2010): gates that decide by the image and not by their noise. 0 in the
  /// paper, whose target rate is met as well by the same coin for every image.
  double information_weight = 0;
  GateOptions gate;
  GateMode gates = GateMode::sampled;
  int64_t draws = 1;
  std::string graph;   ///< of gates=fixed: a 0 or 1 for each gated layer
  int64_t layers = 0;  ///< of gates=budget
  void bind(OptionTable& table);
  /// Target rate of a layer that may be gated.
  double target(size_t layer) const { return target_rates.empty() ? target_rate : target_rates[layer]; }
  /// Throws InputError where options contradict each other, or do not fit a network with `count` layers that may be
  /// gated.
  void check(size_t count) const;
};

/// All modes by name.
const std::vector<std::pair<std::string, GateMode>>& gate_modes();
const std::string& gate_mode_name(GateMode mode);
/// The mode of such a name.
GateMode gate_mode_of(const std::string& name);
/// Whether two passes over one image may differ.
bool is_random(GateMode mode);
/// Whether gates do not look at the image.
bool is_blind(GateMode mode);
/// Whether execution rates must be known.
bool needs_rates(GateMode mode);

}  // namespace aigis
