// One step of a trainer: what a batch gives to learn from, and the update.
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/zeros_like.h>

#include "lib/core/upload.h"
#include "lib/data/augment.h"
#include "lib/ops/autocast.h"
#include "lib/train/mixup.h"
#include "lib/train/trainer.h"

namespace aigis {
namespace {

/// An attack meets an image once an epoch, each time with other noise.
uint64_t seed_of_epoch(uint64_t seed, uint32_t epoch) {
  const PhiloxKey key = Stream{seed, Purpose::attack, 0, 0, epoch}.key();
  return static_cast<uint64_t>(key[0]) << 32 | key[1];
}

}  // namespace

at::Tensor Trainer::loss_of(const at::Tensor& logits, const at::Tensor& labels) const {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, /*ignore_index=*/-100,
                                options_.label_smoothing);
}

Trainer::Step Trainer::step(const at::Tensor& positions, uint32_t epoch, double learning_rate) {
  const auto seed = static_cast<uint64_t>(options_.seed);
  Batch batch = augmented(train_, positions, {seed, Purpose::augmentation, 0, 0, epoch},
                          {options_.augment ? options_.crop : Crop::none, options_.cutout});
  batch.images = uploaded(batch.images, device_);
  batch.labels = uploaded(batch.labels, device_);
  // Each image is mixed with that at the other end of the batch, whose order is random.
  double share = 1;
  if (options_.mixup > 0) {
    const auto id = static_cast<uint64_t>(batch.ids[0].item<int64_t>());
    share = mixup_share(options_.mixup, {seed, Purpose::mixing, 0, 0, epoch}, id);
    batch.images = batch.images * share + batch.images.flip(0) * (1 - share);
  }

  at::Tensor attacked;
  if (adversarial_) {
    const AutocastScope autocast(device_.type(), type_);
    attacked = adversarial_->adversary.perturbed(network_, batch, seed_of_epoch(seed, epoch));
  }
  sgd_.clear_gradients();
  const Pull pull = options_.trades > 0 && adversarial_
                        ? learn_from_both(attacked, batch, epoch)
                        : learn_from(adversarial_ ? attacked : batch.images, batch, epoch, share);
  (pull.penalty.defined() ? pull.loss + pull.penalty : pull.loss).backward();
  sgd_.step(learning_rate);
  if (average_) average_->update();

  Step result;
  result.loss = pull.loss.detach();
  result.penalty = pull.penalty.defined() ? pull.penalty.detach() : at::zeros_like(result.loss);
  const auto right = [&](const at::Tensor& labels) { return pull.logits.detach().argmax(1).eq(labels).sum(); };
  result.correct = right(batch.labels);
  if (share < 1) result.correct = result.correct * share + right(batch.labels.flip(0)) * (1 - share);
  return result;
}

Trainer::Pull Trainer::learn_from(const at::Tensor& images, const Batch& batch, uint32_t epoch, double share) {
  const AutocastScope autocast(device_.type(), type_);
  const Stream noise{static_cast<uint64_t>(options_.seed), Purpose::training_gates, 0, 0, epoch};
  const Output output = network_.forward(images, {noise, batch.ids});
  Pull pull{{}, network_.penalty(output), output.logits.to(at::kFloat)};
  pull.loss = loss_of(pull.logits, batch.labels);
  if (share < 1) pull.loss = pull.loss * share + loss_of(pull.logits, batch.labels.flip(0)) * (1 - share);
  return pull;
}

Trainer::Pull Trainer::learn_from_both(const at::Tensor& attacked, const Batch& batch, uint32_t epoch) {
  Pull pull = learn_from(batch.images, batch, epoch, 1);
  const Pull of_attacked = learn_from(attacked, batch, epoch, 1);  // with the same gate noise
  const at::Tensor clean = at::log_softmax(pull.logits, 1), moved = at::log_softmax(of_attacked.logits, 1);
  pull.loss = pull.loss + (clean.exp() * (clean - moved)).sum(1).mean() * options_.trades;
  if (pull.penalty.defined()) pull.penalty = (pull.penalty + of_attacked.penalty) / 2;
  return pull;
}

}  // namespace aigis
