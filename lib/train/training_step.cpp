// One step of a trainer: what a batch gives to learn from, and the update.
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "lib/core/upload.h"
#include "lib/data/augment.h"
#include "lib/ops/autocast.h"
#include "lib/ops/gumbel.h"
#include "lib/train/mixup.h"
#include "lib/train/trainer.h"

namespace aigis {
namespace {

/// An attack meets an image once an epoch, each time with other noise.
uint64_t seed_of_epoch(uint64_t seed, uint32_t epoch) {
  const PhiloxKey key = Stream{seed, Purpose::attack, 0, 0, epoch}.key();
  return static_cast<uint64_t>(key[0]) << 32 | key[1];
}

/// Of a batch's own labels and of those at its other end, by mixup's shares.
at::Tensor shared(const at::Tensor& own, const at::Tensor& other, const at::Tensor& shares) {
  return own * shares.select(0, 0) + other * shares.select(0, 1);
}

}  // namespace

at::Tensor Trainer::loss_of(const at::Tensor& logits, const StepInputs& inputs) const {
  const auto towards = [&](const at::Tensor& labels) {
    return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, /*ignore_index=*/-100,
                                  options_.label_smoothing);
  };
  const at::Tensor own = towards(inputs.labels);
  return inputs.shares.defined() ? shared(own, towards(inputs.labels.flip(0)), inputs.shares) : own;
}

StepInputs Trainer::inputs_of(const at::Tensor& positions, uint32_t epoch) {
  const auto seed = static_cast<uint64_t>(options_.seed);
  Batch batch = augmented(train_, positions, {seed, Purpose::augmentation, 0, 0, epoch},
                          {options_.augment ? options_.crop : Crop::none, options_.cutout});
  batch.images = uploaded(batch.images, device_);
  batch.labels = uploaded(batch.labels, device_);
  StepInputs inputs;
  // Each image is mixed with that at the other end of the batch, whose order is random.
  if (options_.mixup > 0) {
    const auto id = static_cast<uint64_t>(batch.ids[0].item<int64_t>());
    const double share = mixup_share(options_.mixup, {seed, Purpose::mixing, 0, 0, epoch}, id);
    batch.images = batch.images * share + batch.images.flip(0) * (1 - share);
    inputs.shares = uploaded(at::tensor({share, 1 - share}, at::TensorOptions(at::kFloat)), device_);
  }
  if (adversarial_) {
    inputs.attacked = adversarial_->adversary.perturbed(network_, batch, seed_of_epoch(seed, epoch), type_);
  }
  inputs.images = batch.images;
  inputs.labels = batch.labels;
  inputs.pass = {{seed, Purpose::training_gates, 0, 0, epoch}, batch.ids};
  const auto layers = static_cast<int64_t>(network_.card().gated.size());
  if (layers > 0) {
    const at::Tensor noise = gate_noise(inputs.pass.noise, batch.ids, layers);
    inputs.pass.drawn = uploaded(noise, device_, batch.images.scalar_type());
  }
  return inputs;
}

StepResult Trainer::step(const at::Tensor& positions, uint32_t epoch, double learning_rate) {
  const StepInputs inputs = inputs_of(positions, epoch);
  sgd_.set_rate(learning_rate);
  // The last batch of an epoch may be smaller than what was recorded.
  return recorded_ && positions.size(0) == options_.batch ? (*recorded_)(inputs) : learn(inputs);
}

StepResult Trainer::learn(const StepInputs& inputs) {
  sgd_.clear_gradients();
  const Pull pull = options_.trades > 0 && adversarial_
                        ? learn_from_both(inputs)
                        : learn_from(adversarial_ ? inputs.attacked : inputs.images, inputs);
  (pull.penalty.defined() ? pull.loss + pull.penalty : pull.loss).backward();
  sgd_.step();
  if (average_) average_->update();

  StepResult result;
  result.loss = pull.loss.detach();
  result.penalty = pull.penalty.defined() ? pull.penalty.detach() : at::zeros_like(result.loss);
  const auto right = [&](const at::Tensor& labels) { return pull.logits.detach().argmax(1).eq(labels).sum(); };
  result.correct = right(inputs.labels);
  if (inputs.shares.defined()) result.correct = shared(result.correct, right(inputs.labels.flip(0)), inputs.shares);
  return result;
}

Trainer::Answer Trainer::answer_to(const at::Tensor& images, const Pass& pass) {
  const AutocastScope autocast(device_.type(), type_);
  const Output output = network_.forward(images, pass);
  return {output.logits.to(at::kFloat), network_.penalty(output)};
}

Trainer::Pull Trainer::learn_from(const at::Tensor& images, const StepInputs& inputs) {
  const Answer answer = answer_to(images, inputs.pass);
  return {loss_of(answer.logits, inputs), answer.penalty, answer.logits};
}

Trainer::Pull Trainer::learn_from_both(const StepInputs& inputs) {
  Pull pull = learn_from(inputs.images, inputs);
  const Answer attacked = answer_to(inputs.attacked, inputs.pass);  // with the same gate noise
  const at::Tensor clean = at::log_softmax(pull.logits, 1), moved = at::log_softmax(attacked.logits, 1);
  pull.loss = pull.loss + (clean.exp() * (clean - moved)).sum(1).mean() * options_.trades;
  if (pull.penalty.defined()) pull.penalty = (pull.penalty + attacked.penalty) / 2;
  return pull;
}

}  // namespace aigis
