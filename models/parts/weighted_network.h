// The part of a Network that is the same for every family: weights by name, modes, the card.
#pragma once

#include "lib/core/model.h"
#include "models/parts/weights.h"

namespace aigis {

/// What a network is built for, besides its family's options.
struct NetworkShape {
  std::string architecture;    ///< its full name, "aig-20"
  int64_t depth = 0;
  int64_t classes = 0;
  std::vector<int64_t> input;  ///< {3, 32, 32}
  uint64_t seed = 0;           ///< of the initial weights
};

class WeightedNetwork : public Network {
 public:
  explicit WeightedNetwork(const NetworkShape& shape) : weights_(shape.seed) {
    card_.architecture = shape.architecture;
    card_.classes = shape.classes;
    card_.input = shape.input;
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return training_; }
  NamedTensors named_weights() override { return weights_.trainable(); }
  NamedTensors named_statistics() override { return weights_.statistics(); }
  void set_training(bool on) override { training_ = on; }
  std::vector<std::string> gate_modes() const override { return {"none"}; }
  void set_gate_mode(const std::string&) override {}
  void move_to(at::Device device, at::ScalarType type) override { weights_.move_to(device, type); }
  void freeze() override {
    training_ = false;
    weights_.require_gradients(false);
    fold();
  }
  at::Tensor penalty(const Output&) const override { return {}; }

 protected:
  virtual void fold() = 0;

  Weights weights_;
  ModelCard card_;
  bool training_ = true;
};

}  // namespace aigis
