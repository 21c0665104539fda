// Trains one network. Knows no family, no file format of checkpoints and no command line.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lib/core/error.h"
#include "lib/core/model.h"
#include "lib/data/dataset.h"
#include "lib/train/adversary.h"
#include "lib/train/average.h"
#include "lib/train/held_out.h"
#include "lib/train/options.h"
#include "lib/train/recorded_step.h"
#include "lib/train/sgd.h"
#include "lib/train/step.h"

namespace aigis {

/// Where a run stands at the end of an epoch: all that is needed to go on as if nothing had happened.
struct TrainState {
  int64_t epochs_done = 0;
  Json curve;  ///< one row an epoch, as in train.json

  /// For the message of a run that ends early: "the checkpoint of epoch 3 is kept", or that there is none.
  std::string what_is_kept() const;
};

class Trainer {
 public:
  /// Throws InputError if steps are to be recorded that are not the same kernels each time.
  Trainer(Network& network, const Dataset& train, const Dataset& held_out, const TrainOptions& options,
          at::Device device, std::optional<AdversarialTraining> adversarial = {});
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Runs until the last epoch, or until another that takes as long as the one before, with its evaluation and `save`,
  /// would pass `seconds` from now (none: no limit); one whose steps pass it is given up. After each epoch `save` is
  /// called. Throws RunError if the loss or what would be saved is no longer finite, Interrupted on Ctrl-C: the state
  /// of the last epoch stands. Returns true if all epochs are done.
  bool run(std::optional<double> seconds, const std::function<void()>& save);

  /// One step on the training images at `positions`: augmentation, forward, backward, update.
  StepResult step(const at::Tensor& positions, uint32_t epoch, double learning_rate);

  const TrainState& state() const { return state_; }
  const Sgd& optimiser() const { return sgd_; }
  /// The moving average of the weights by name; empty without one.
  NamedTensors averages() const { return average_ ? average_->averages() : NamedTensors{}; }
  /// {"device", "precision"} in which this run computes: the same settings give other weights elsewhere.
  Json arithmetic() const;
  /// Goes on from a saved state; weights and statistics are already in the network.
  void restore(TrainState state, const std::vector<at::Tensor>& velocities, const std::vector<at::Tensor>& averages);
  /// Runs `act` while the network is the model that this training makes: in evaluation mode, with averaged weights.
  void with_model(const std::function<void()>& act);

 private:
  Json run_epoch(double seconds_left);
  /// Whether all that would be saved is finite.
  bool is_finite();
  /// Why training cannot go on.
  RunError diverged(const std::string& what) const;
  /// On held-out images, clean and, where training is adversarial, the first of them attacked.
  struct Verdict {
    HeldOutResult held_out;
    Json robust;
  };
  Verdict judge();
  /// What the network makes of a batch. The penalty is undefined if there is none.
  struct Answer {
    at::Tensor logits, penalty;
  };
  Answer answer_to(const at::Tensor& images, const Pass& pass);
  /// What a batch gives to learn from, before the step.
  struct Pull {
    at::Tensor loss, penalty, logits;
  };
  StepInputs inputs_of(const at::Tensor& positions, uint32_t epoch);
  /// What can be recorded of a step: forward, backward, update.
  StepResult learn(const StepInputs& inputs);
  Pull learn_from(const at::Tensor& images, const StepInputs& inputs);
  /// TRADES: from clean and from attacked images.
  Pull learn_from_both(const StepInputs& inputs);
  /// The cross-entropy of the labels, mixed as the images are.
  at::Tensor loss_of(const at::Tensor& logits, const StepInputs& inputs) const;

  Network& network_;
  Dataset train_;  ///< on the device
  const Dataset& held_out_;
  TrainOptions options_;
  at::Device device_;
  at::ScalarType type_;  ///< of convolutions
  Sgd sgd_;
  std::optional<WeightAverage> average_;
  std::optional<AdversarialTraining> adversarial_;
  std::optional<RecordedStep> recorded_;
  TrainState state_;
};

}  // namespace aigis
