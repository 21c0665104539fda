// A network without gates, modes or rates: what a test's own network leaves as it is.
#pragma once

#include "lib/core/model.h"

namespace aigis {

class PlainNetwork : public Network {
 public:
  NamedTensors named_statistics() override { return {}; }
  const ModelCard& card() const override { return card_; }
  std::vector<std::string> gate_modes() const override { return {"none"}; }
  void set_gate_mode(const std::string&) override {}
  std::vector<double> execution_rates() const override { return {}; }
  void set_execution_rates(const std::vector<double>&) override {}
  void move_to(at::Device, at::ScalarType) override {}
  void freeze() override {}
  at::Tensor penalty(const Output&) const override { return {}; }

 protected:
  ModelCard card_;
};

}  // namespace aigis
