// A network with gates: what all gated families share beside their layers.
#pragma once

#include "models/parts/gating.h"
#include "models/parts/weighted_network.h"

namespace aigis {

class GatedNetwork : public WeightedNetwork {
 public:
  explicit GatedNetwork(const NetworkShape& shape) : WeightedNetwork(shape) {}
  /// Those of any network without gates where every layer always runs.
  std::vector<std::string> gate_modes() const override;
  void set_gate_mode(const std::string& mode) override;
  std::vector<double> execution_rates() const override { return gating_->rates(); }
  void set_execution_rates(const std::vector<double>& rates) override { gating_->set_rates(rates); }
  void move_to(at::Device device, at::ScalarType type) override;
  void freeze() override;
  at::Tensor penalty(const Output& output) const override { return gating_->penalty(output.gates); }

 protected:
  /// Folds the gates; families with more to fold call it.
  void fold() override { gating_->fold(); }
  /// Last step of a family's construction: adds the gates of `layers`, and fills the card. `macs_always` is what runs
  /// beside gates and layers.
  void add_gates(const std::vector<GateableLayer>& layers, const GatingOptions& options, int64_t macs_always);

  std::unique_ptr<Gating> gating_;
};

}  // namespace aigis
