#include "models/parts/gated_network.h"

namespace aigis {

std::vector<std::string> GatedNetwork::gate_modes() const {
  return card_.gated.empty() ? WeightedNetwork::gate_modes() : Gating::mode_names();
}

void GatedNetwork::set_gate_mode(const std::string& mode) {
  if (card_.gated.empty()) return WeightedNetwork::set_gate_mode(mode);
  gating_->set_mode(mode);
  gating_->describe(card_);
  card_.options["gates"] = mode;
}

void GatedNetwork::move_to(at::Device device, at::ScalarType type) {
  gating_->move_to(device);
  WeightedNetwork::move_to(device, type);
}

void GatedNetwork::freeze() {
  gating_->check();
  WeightedNetwork::freeze();
}

void GatedNetwork::add_gates(const std::vector<GateableLayer>& layers, const GatingOptions& options,
                             int64_t macs_always) {
  gating_ = std::make_unique<Gating>(weights_, layers, options);
  gating_->describe(card_);
  card_.macs_always = macs_always + gating_->macs();
  for (const auto& layer : layers) card_.macs_always += layer.macs;
  for (const auto& layer : card_.gated) card_.macs_always -= layer.macs;  // what is left are layers that always run
  card_.parameters = weights_.count();
}

}  // namespace aigis
