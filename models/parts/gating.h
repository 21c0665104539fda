// All gates of a network, and the ways in which they decide: a part that any family can use.
//
// A family asks, layer after layer, what to multiply a layer with (decide), and hands the gates out with its logits.
#pragma once

#include <string>
#include <vector>

#include "models/parts/gate.h"
#include "models/parts/gating_options.h"
#include "models/parts/run_block.h"

namespace aigis {

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

  /// What gates need beside their weights goes to the network's device.
  void move_to(at::Device device);

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

 private:
  GatingOptions options_;
  std::vector<Gate> gates_;
  std::vector<GatedLayer> gated_;   ///< by column
  std::vector<int64_t> column_of_;  ///< by layer; -1 for a layer that always runs
  at::Tensor cost_;
  at::Tensor targets_;         ///< [columns], on the device
  std::vector<double> rates_;  ///< by column; empty if unknown
  at::Tensor shifts_;          ///< [columns, layers + 1], see gate_budget.h; on the device, undefined without rates
  at::Device device_ = at::kCPU;
};

}  // namespace aigis
