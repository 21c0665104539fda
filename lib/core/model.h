// What every classifier of this project offers: images in, logits and gates out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/json.h"
#include "lib/core/philox.h"
#include "lib/core/tensor.h"

namespace aigis {

/// The gates of one forward pass: N images, L gated layers, in the order of execution.
struct Gates {
  at::Tensor open;         ///< [N, L], 1 where the layer ran and 0 where it was skipped; carries the gradient
  at::Tensor logits;       ///< [N, L], logit of "open" minus logit of "closed", before any noise
  at::Tensor probability;  ///< [N, L], sigmoid(logits): the probability that the layer runs
  at::Tensor cost;         ///< [L], float64, multiply-accumulates of each layer's block for one image

  bool any() const { return open.defined(); }
};

struct Output {
  at::Tensor logits;     ///< [N, K]
  Gates gates;           ///< empty where the model has none
  int64_t repeated = 0;  ///< images that were passed a second time, for an answer that is exact
};

/// How a gradient passes a hard gate.
enum class GateGradient {
  straight_through,  ///< the gradient of the relaxed gate (paper, section 3.3)
  relaxed,           ///< gates are soft in the forward pass too: a model that answers otherwise, to take gradients of
  fixed_graph,       ///< none: the executed graph is taken as given
  expectation,       ///< as fixed_graph; who takes the gradient adds what flipping each gate is measured to bring
};

struct Pass;

/// What stands before a model and changes the images on their way to it, such as a defense.
class Preprocessor {
 public:
  virtual ~Preprocessor() = default;
  /// [N, C, H, W] float in [0, 1] to the same shape, range, type and device. Const and free of global state.
  virtual at::Tensor apply(const at::Tensor& images, const Pass& pass) const = 0;
};

/// What a forward pass needs beside the images.
struct Pass {
  Stream noise;               ///< which random numbers the gates see
  at::Tensor image_ids = {};  ///< [N] int64 on the CPU: each image's index in its data set
  GateGradient gate_gradient = GateGradient::straight_through;
  double temperature = 1;  ///< of relaxed gates, and of straight-through gradients
  /// [N, L] or [L] of 0 and 1: gates to take as given, such as another input's; own ones if undefined.
  at::Tensor graph = {};
  bool rough = false;  ///< without a gradient, yet it may be as inexact as a pass that one is taken of
  /// [N, L]: what gate_noise() draws of `noise` and `image_ids`, where that was done before. Whoever changes either of
  /// them drops it, or takes the same rows of it.
  at::Tensor drawn = {};
  /// What the images have come through; null for nothing.
  std::shared_ptr<const Preprocessor> before = nullptr;
};

/// A gated layer in numbers: multiply-accumulates for one image.
struct GatedLayer {
  std::string name;  ///< "layer1.0"
  int64_t macs = 0;  ///< of the block that the gate may skip
  int64_t gate_macs = 0;
};

/// What a model says of itself.
struct ModelCard {
  std::string architecture;  ///< "aig-20"
  Json options;              ///< every option with its value
  int64_t classes = 0;
  std::vector<int64_t> input;     ///< {3, 32, 32}
  int64_t parameters = 0;         ///< trainable numbers
  int64_t macs_always = 0;        ///< multiply-accumulates of what always runs, gates included
  std::vector<GatedLayer> gated;  ///< in the order of Gates' columns
  std::string gate_mode;          ///< "none", "sampled", "argmax", …
  bool has_random_gates = false;  ///< two passes over the same image may differ
  bool has_blind_gates = false;   ///< they do not look at the image, such as gates that are always open
  bool rounds_gradients = false;  ///< a pass that a gradient is taken of is less exact than others
  int64_t draws = 1;              ///< passes over which a verdict is averaged; above 1 only for random gates

  int64_t macs_full() const {
    int64_t sum = macs_always;
    for (const auto& layer : gated) sum += layer.macs;
    return sum;
  }
};

/// A classifier. Images are float [N, C, H, W] in [0, 1]; normalization happens inside.
class Model {
 public:
  virtual ~Model() = default;
  virtual Output forward(const at::Tensor& images, const Pass& pass) = 0;
  virtual const ModelCard& card() const = 0;
  /// True while batch statistics are used or gates follow training rules: such a model must not be attacked.
  virtual bool is_training() const = 0;
};

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// A model whose weights can be read, written and learnt.
class Network : public Model {
 public:
  virtual NamedTensors named_weights() = 0;     ///< trainable
  virtual NamedTensors named_statistics() = 0;  ///< saved, not trained: BatchNorm's running values, normalization
  virtual void set_training(bool on) = 0;
  /// How gates can decide at inference: {"none"} for a model without any.
  virtual std::vector<std::string> gate_modes() const = 0;
  /// One of gate_modes(). Training always samples.
  virtual void set_gate_mode(const std::string& mode) = 0;
  /// How often each gated layer runs on training images, in the order of Gates' columns; empty if unknown.
  virtual std::vector<double> execution_rates() const = 0;
  virtual void set_execution_rates(const std::vector<double>& rates) = 0;
  /// Before or after freeze().
  virtual void move_to(at::Device device, at::ScalarType type) = 0;
  /// For evaluation and attack: evaluation mode, no gradients of weights, BatchNorm folded into convolutions. Throws
  /// InputError if the gate mode needs execution rates that are not known.
  virtual void freeze() = 0;
  /// Whether a training step runs the same kernels each time, with no random number but those of Pass::drawn.
  virtual bool has_fixed_steps() const { return true; }
  /// What training adds to the cross-entropy, such as the target-rate loss; undefined if nothing.
  virtual at::Tensor penalty(const Output& output) const = 0;
};

}  // namespace aigis
