// The model as an attack sees it: gradients with respect to the input only, every query counted.
#pragma once

#include <functional>

#include "lib/core/model.h"
#include "lib/data/dataset.h"

namespace aigis {

/// One loss for each image: [N] from a model's output and labels. Attacks ascend it.
using Loss = std::function<at::Tensor(const Output& output, const at::Tensor& labels)>;

/// -log softmax(logits)[label].
at::Tensor cross_entropy(const Output& output, const at::Tensor& labels);

/// What an attack has used and met, in images.
struct AttackAudit {
  int64_t forward = 0, backward = 0;
  int64_t zero_gradients = 0;  ///< gradients that are zero in every element
  int64_t bad_gradients = 0;   ///< gradients with NaN or infinity

  void merge(const AttackAudit& other);
  bool operator==(const AttackAudit&) const = default;
};

/// Where an attack stands: together with the seed it fixes the gate noise of a query.
struct Position {
  uint32_t restart = 0, draw = 0, step = 0;
};

class Victim {
 public:
  /// `model` is the bare or the defended one. Throws RunError if it is in training mode.
  Victim(Model& model, uint64_t seed);

  struct Gradient {
    at::Tensor images;  ///< [N, C, H, W], d loss_i / d image_i
    at::Tensor losses;  ///< [N]
  };
  /// One forward and one backward pass. No parameter gets a gradient, and no graph is kept.
  Gradient gradient(const at::Tensor& images, const Batch& batch, const Loss& loss, const Position& position,
                    GateGradient gates);

  /// The attack's own randomness at a position.
  Stream draws(const Position& position) const {
    return {seed_, Purpose::attack, position.restart, position.draw, position.step};
  }
  const AttackAudit& audit() const { return audit_; }

 private:
  Model& model_;
  uint64_t seed_;
  AttackAudit audit_;
};

}  // namespace aigis
