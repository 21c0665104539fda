// The model as an attack sees it: gradients with respect to the input only, every query counted.
#pragma once

#include <c10/util/ArrayRef.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/model.h"
#include "lib/eval/stages.h"

namespace aigis {

/// A loss for each image.
struct Losses {
  Losses(at::Tensor losses, at::Tensor reached = {})  // NOLINT: a tensor is one
      : each(std::move(losses)), met(std::move(reached)) {}
  at::Tensor each;  ///< [N]
  at::Tensor met;   ///< [N] bool, undefined for none: the attack has what it wants, so that a flat loss hides nothing
};
/// A function of a model's output. Attacks ascend it.
using Loss = std::function<Losses(const Output& output)>;

/// What an attack has used and met, in images.
struct AttackAudit {
  int64_t forward = 0, backward = 0;
  int64_t aside = 0;                        ///< of forward: passes that belong to no step, as of Victim::aside
  int64_t zero_gradients = 0;               ///< zero in every element, where not all is Losses::met
  int64_t bad_gradients = 0;                ///< gradients with NaN or infinity
  std::vector<Stage> stages;                ///< of an attack that is made of others, in their order
  std::map<int64_t, int64_t> broken_after;  ///< of a black box: images by the answers it had given when they broke

  void merge(const AttackAudit& other);
  bool operator==(const AttackAudit&) const = default;
};

/// Where an attack stands: together with the seed it fixes the gate noise of a query.
struct Position {
  uint32_t restart = 0, draw = 0, step = 0;
};

/// How a gradient passes hard gates, as an attack's options say.
struct GatePath {
  GateGradient gradient = GateGradient::straight_through;
  double temperature = 1;
};
/// A path's name among options and in reports.
const char* gate_gradient_name(GateGradient gradient);

/// What the verdict will make of the attack's images.
enum class Judge {
  another,     ///< another model or defense decides: an image that this one gets wrong may need more
  this_model,  ///< the very model that the attack sees: once it gets an image wrong for certain, that is that
};

class Victim {
 public:
  /// `model` is the bare or the defended one. Throws RunError if it is in training mode.
  Victim(Model& model, uint64_t seed, Judge judge = Judge::another);

  struct Gradient {
    at::Tensor images;  ///< [N, C, H, W], d loss_i / d image_i; zero where it is not finite
    at::Tensor losses;  ///< [N]
    at::Tensor logits;  ///< [N, K]
    at::Tensor flat;    ///< [N] bool, the gradient is zero or was not finite
  };
  /// One forward and one backward pass. Through relaxed gates another forward pass beside it: the loss and all that it
  /// sees are of the network as it is, and only their slope is of the soft one. `ids` are the images' indices in their
  /// data set. No parameter gets a gradient, and no graph is kept. Does not wait for a GPU, unless the
  /// model must know which layers to skip.
  Gradient gradient(const at::Tensor& images, const at::Tensor& ids, const Loss& loss, const Position& position,
                    const GatePath& path);
  /// The same with a backward pass for each loss, all of one forward pass.
  std::vector<Gradient> gradients(const at::Tensor& images, const at::Tensor& ids, at::ArrayRef<Loss> losses,
                                  const Position& position, const GatePath& path);

  struct Gradients {
    at::Tensor images;       ///< [N, k, C, H, W], of z_class - z_label; zero where it is not finite
    at::Tensor differences;  ///< [N, k], z_class - z_label
    at::Tensor logits;       ///< [N, K]
  };
  /// Those of differences between logits: a backward pass for each of `classes` [N, k].
  Gradients gradients(const at::Tensor& images, const at::Tensor& ids, const at::Tensor& classes,
                      const at::Tensor& labels, const Position& position, const GatePath& path);

  /// One forward pass without a gradient; along `graph` [N, L] where it is given, else along the model's own.
  Output forward(const at::Tensor& images, const at::Tensor& ids, const Position& position,
                 const at::Tensor& graph = {});

  /// A forward pass in place of a gradient's own: where gradients are rounded, so is this.
  Output look(const at::Tensor& images, const at::Tensor& ids, const Position& position);

  /// A forward pass that belongs to no step: to see what the clean images
  /// do, what another graph would bring, or whether what was found holds.
  Output aside(const at::Tensor& images, const at::Tensor& ids, const Position& position, const at::Tensor& graph = {});
  /// Spent in those so far. On the CPU; elsewhere what it took to ask for them.
  double aside_seconds() const { return aside_seconds_; }

  /// For the report: of the images `tried` those in `fallen` fell to this attack, and to none before it. Both are ids.
  void credit(const std::string& attack, const at::Tensor& tried, const at::Tensor& fallen) {
    fallen_.add(attack, tried, fallen);
  }
  /// All that were credited.
  const StageRecord& fallen() const { return fallen_; }
  /// For the report: so many images were broken once the model had answered so often for each. An attack whose work
  /// serves several budgets says within which of them.
  void count_broken(int64_t answers, int64_t images, size_t budget = 0);

  const ModelCard& card() const { return model_.card(); }
  /// Whether an image that is misclassified now will be for the judge, too.
  bool is_final() const { return judge_ == Judge::this_model && !model_.card().has_random_gates; }

  /// The attack's own randomness at a position.
  Stream draws(const Position& position) const {
    return {seed_, Purpose::attack, position.restart, position.draw, position.step};
  }
  /// With the images that were broken within one of the budgets. Waits for the device.
  AttackAudit audit(size_t budget = 0) const;

 private:
  /// Counts a gradient; returns it with zeros for images where it is not finite, and which are flat.
  std::pair<at::Tensor, at::Tensor> counted(const at::Tensor& gradient, const at::Tensor& met);
  Pass pass(const at::Tensor& ids, const Position& position, const GatePath& path) const;
  Output asked(const at::Tensor& images, const Pass& pass);   ///< every query, counted
  Output answer(const at::Tensor& images, const Pass& pass);  ///< without a gradient
  /// What the network makes of images, with the gradient that the path says.
  Output seen(const at::Tensor& images, const at::Tensor& ids, const Position& position, const GatePath& path);

  Model& model_;
  uint64_t seed_;
  Judge judge_;
  AttackAudit audit_;  ///< but for stages and broken_after
  StageRecord fallen_;
  std::map<size_t, std::map<int64_t, int64_t>> broken_after_;  ///< of each budget
  double aside_seconds_ = 0;
  at::Tensor zero_, bad_;  ///< counts on the device; undefined before the first gradient
};

}  // namespace aigis
