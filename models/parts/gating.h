// All gates of a network, and the ways in which they decide: a part that any family can use.
//
// A family asks, layer after layer, what to multiply a layer with (decide), and hands the gates out with its logits.
#pragma once

#include <string>
#include <vector>

#include "lib/core/options.h"
#include "models/parts/gate.h"
#include "models/parts/run_block.h"

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
};

/// A layer that may get a gate.
struct GateableLayer {
  std::string name;
  int64_t channels = 0;  ///< of its input
  int64_t macs = 0;
};

class Gating {
 public:
  /// A layer with a target rate of 1 always runs: it gets no gate and is no column of Gates. Throws InputError if there
  /// are rates for another number of layers.
  Gating(Weights& weights, const std::vector<GateableLayer>& layers, const GatingOptions& options);

  /// The gates of one forward pass, decided one after the other.
  class Decisions {
   public:
    /// What layer `index` (of all, gated or not) is multiplied with.
    Factor decide(size_t index, const at::Tensor& input, bool training);
    /// All that was decided, for Output.
    Gates gates() const;

   private:
    friend class Gating;
    at::Tensor state(int64_t column, const at::Tensor& logits) const;
    double expected_rate(size_t column) const;  ///< share of open gates; negative: unknown
    at::Tensor within_budget(int64_t column, const at::Tensor& logits) const;

    const Gating* gating_ = nullptr;
    Pass pass_;
    GateMode mode_ = GateMode::sampled;
    at::Tensor noise_;  ///< [N, columns]; undefined without random gates
    std::vector<at::Tensor> open_, logits_;
  };
  Decisions begin(const at::Tensor& images, const Pass& pass, bool training) const;

  void fold() {
    for (auto& gate : gates_) gate.fold();
  }

  /// The target-rate loss (equation 9) of a batch's gates, less what information_weight rewards.
  at::Tensor penalty(const Gates& gates) const;
  int64_t macs() const;
  /// Writes gated layers, mode and draws into the card.
  void describe(ModelCard& card) const;

  /// Modes that need no options of their own, as fixed and budget do.
  static std::vector<std::string> mode_names();
  /// One of mode_names(), else an InputError.
  void set_mode(const std::string& mode);
  /// How often each gated layer runs on training images; scaled, marginal and budget need to know.
  void set_rates(const std::vector<double>& rates);
  const std::vector<double>& rates() const { return rates_; }
  /// Throws InputError if the mode needs execution rates that are not known.
  void check() const;

  const GatingOptions& options() const { return options_; }

 private:
  GatingOptions options_;
  std::vector<Gate> gates_;
  std::vector<GatedLayer> gated_;   ///< by column
  std::vector<double> targets_;     ///< by column
  std::vector<int64_t> column_of_;  ///< by layer; -1 for a layer that always runs
  at::Tensor cost_;
  std::vector<double> rates_;  ///< by column; empty if unknown
  at::Tensor shifts_;          ///< [columns, layers + 1], see budget_shifts
};

/// The online rule of gates=budget. Before layer l, with `left` layers still to run among those from l on, a gate opens
/// where its logit exceeds -shift[l][left]: the shift at which layers with the logits of their execution rates would
/// run `left` times in expectation. A later gate depends on the layers before it, so the best K cannot be picked at
/// once.
at::Tensor budget_shifts(const std::vector<double>& rates, int64_t budget);

}  // namespace aigis
