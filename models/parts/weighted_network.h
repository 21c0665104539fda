// The part of a Network that is the same for every family: weights by name, modes, the card.
#pragma once

#include <ATen/core/grad_mode.h>

#include "lib/core/model.h"
#include "models/parts/in_groups.h"
#include "models/parts/weights.h"

namespace aigis {

/// What a network is built for, besides its family's options.
struct NetworkShape {
  std::string architecture;  ///< its full name, "aig-20"
  int64_t depth = 0;
  int64_t classes = 0;
  std::vector<int64_t> input;  ///< {3, 32, 32}
  uint64_t seed = 0;           ///< of the initial weights
  bool is_drawn = true;        ///< false where weights will be read from a file: they are left undefined
};

class WeightedNetwork : public Network {
 public:
  explicit WeightedNetwork(const NetworkShape& shape) : weights_(shape.seed, shape.is_drawn) {
    card_.architecture = shape.architecture;
    card_.classes = shape.classes;
    card_.input = shape.input;
  }
  /// On a CPU in groups of images, unless it is training; else all at once.
  Output forward(const at::Tensor& images, const Pass& pass) final {
    if (training_ || !images.device().is_cpu()) return run(images, pass);
    const bool keeps_gradient = at::GradMode::is_enabled() && (images.requires_grad() || !is_frozen_);
    const auto run_group = [this](const at::Tensor& group, const Pass& part) { return run(group, part); };
    return keeps_gradient ? in_groups_one_by_one(images, pass, run_group) : in_groups(images, pass, run_group);
  }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return training_; }
  NamedTensors named_weights() override { return weights_.trainable(); }
  NamedTensors named_statistics() override { return weights_.statistics(); }
  void set_training(bool on) override { training_ = on; }
  std::vector<std::string> gate_modes() const override { return {"none"}; }
  void set_gate_mode(const std::string&) override {}
  std::vector<double> execution_rates() const override { return {}; }
  void set_execution_rates(const std::vector<double>&) override {}
  void move_to(at::Device device, at::ScalarType type) override {
    weights_.move_to(device, type);
    if (is_frozen_) fold();
  }
  void freeze() override {
    training_ = false;
    is_frozen_ = true;
    weights_.freeze();
    fold();
  }
  at::Tensor penalty(const Output&) const override { return {}; }

 protected:
  virtual Output run(const at::Tensor& images, const Pass& pass) = 0;
  /// Computes from the frozen weights what inference uses in their place.
  virtual void fold() = 0;
  /// Last step of the construction of a network without gates: fills the card.
  void describe(const Json& options, int64_t macs) {
    card_.options = options;
    card_.parameters = weights_.count();
    card_.macs_always = macs;
    card_.gate_mode = "none";
  }

  Weights weights_;
  ModelCard card_;
  bool training_ = true, is_frozen_ = false;
};

}  // namespace aigis
