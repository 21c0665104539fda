// The weights of a network by name, and how they are drawn at the start.
#pragma once

#include <functional>
#include <string>

#include "lib/core/model.h"

namespace aigis {

/// Holds a network's tensors under their state-dict names. Layers keep handles to the same tensors, so moving or
/// loading through this table reaches them.
class Weights {
 public:
  Weights(uint64_t seed, bool is_drawn) : seed_(seed), is_drawn_(is_drawn) {}

  /// Trainable, drawn from N(0, deviation^2) by a stream of its own: independent of the order of construction.
  at::Tensor normal(const std::string& name, at::IntArrayRef shape, double deviation);
  /// Trainable, drawn from U(-bound, bound).
  at::Tensor uniform(const std::string& name, at::IntArrayRef shape, double bound);
  /// Trainable, all elements the same.
  at::Tensor constant(const std::string& name, at::IntArrayRef shape, double value);
  /// Saved but not trained.
  at::Tensor statistic(const std::string& name, at::IntArrayRef shape, double value);

  const NamedTensors& trainable() const { return trainable_; }
  const NamedTensors& statistics() const { return statistics_; }
  int64_t count() const;

  void move_to(at::Device device, at::ScalarType type);
  /// None is to be trained any more.
  void freeze();

 private:
  at::Tensor add(const std::string& name, at::Tensor value);

  at::Tensor draw(const std::string& name, at::IntArrayRef shape,
                  const std::function<float(double, double)>& value_of) const;

  uint64_t seed_;
  bool is_drawn_;
  NamedTensors trainable_, statistics_;
};

}  // namespace aigis
