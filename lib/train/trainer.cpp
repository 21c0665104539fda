#include "lib/train/trainer.h"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <cmath>

#include "lib/core/error.h"
#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/data/augment.h"
#include "lib/ops/autocast.h"
#include "lib/train/held_out.h"
#include "lib/train/mixup.h"

namespace aigis {
namespace {

struct TimeIsUp {};

/// Sums over an epoch, kept on the device so that a step does not wait for them.
struct EpochSums {
  explicit EpochSums(at::Device device)
      : loss(at::zeros({}, at::TensorOptions(device).dtype(at::kDouble))), penalty(loss.clone()),
        correct(loss.clone()) {}

  void add(const Trainer::Step& step, int64_t count) {
    images += count;
    loss += step.loss * count;
    penalty += step.penalty * count;
    correct += step.correct;
  }
  double mean_loss() const { return loss.item<double>() / static_cast<double>(images); }

  at::Tensor loss, penalty, correct;
  int64_t images = 0;
};

/// Held-out images that are attacked after each epoch: enough to see robustness break down.
constexpr int64_t kRobustImages = 250;

/// An attack meets an image once an epoch, each time with other noise.
uint64_t seed_of_epoch(uint64_t seed, uint32_t epoch) {
  const PhiloxKey key = Stream{seed, Purpose::attack, 0, 0, epoch}.key();
  return static_cast<uint64_t>(key[0]) << 32 | key[1];
}

at::ScalarType training_type(Precision precision, at::DeviceType device) {
  switch (precision) {
    case Precision::float32: return at::kFloat;
    case Precision::bfloat16: return at::kBFloat16;
    case Precision::automatic: break;
  }
  return fastest_type(device);
}

}  // namespace

Trainer::Trainer(Network& network, const Dataset& train, const Dataset& held_out, const TrainOptions& options,
                 at::Device device, std::optional<AdversarialTraining> adversarial)
    : network_(network), train_(train), held_out_(held_out), options_(options), device_(device),
      type_(training_type(options.precision, device.type())),
      sgd_(network.named_weights(),
           {options.momentum, options.nesterov, options.weight_decay, options.decay_norms, options.clip_norm}),
      adversarial_(std::move(adversarial)) {
  if (options.average > 0) average_.emplace(network, options.average);
  state_.curve = Json::array();
}

void Trainer::restore(TrainState state, const std::vector<at::Tensor>& velocities,
                      const std::vector<at::Tensor>& averages) {
  state_ = std::move(state);
  sgd_.restore(velocities);
  if (average_) average_->restore(averages);
}

void Trainer::with_model(const std::function<void()>& act) {
  struct Swapped {  // back again whatever `act` throws
    explicit Swapped(std::optional<WeightAverage>& average) : average_(average) { swap(); }
    ~Swapped() { swap(); }
    void swap() const {
      if (average_) average_->swap();
    }
    std::optional<WeightAverage>& average_;
  };
  network_.set_training(false);
  const Swapped swapped(average_);
  act();
}

bool Trainer::run(double time_limit, const std::function<void()>& save) {
  const Stopwatch watch;
  while (state_.epochs_done < options_.epochs) {
    const double left = time_limit > 0 ? time_limit - watch.seconds() : 1e18;
    if (left <= 0) return false;
    try {
      state_.curve.push_back(run_epoch(left));
    } catch (const TimeIsUp&) {
      return false;
    }
    ++state_.epochs_done;
    save();
  }
  return true;
}

at::Tensor Trainer::loss_of(const at::Tensor& logits, const at::Tensor& labels) const {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, /*ignore_index=*/-100,
                                options_.label_smoothing);
}

Trainer::Step Trainer::step(const at::Tensor& positions, uint32_t epoch, double learning_rate) {
  const auto seed = static_cast<uint64_t>(options_.seed);
  Batch batch = augmented(train_, positions, {seed, Purpose::augmentation, 0, 0, epoch},
                          {options_.augment ? options_.crop : Crop::none, options_.cutout});
  batch.images = batch.images.to(device_);
  batch.labels = batch.labels.to(device_);
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

Json Trainer::run_epoch(double seconds_left) {
  const auto epoch = static_cast<uint32_t>(state_.epochs_done);
  const auto seed = static_cast<uint64_t>(options_.seed);
  const at::Tensor order = shuffled(train_.size(), {seed, Purpose::order, 0, 0, epoch});
  // A last batch of one image would leave BatchNorm without a variance; it sits this epoch out.
  const int64_t steps = (train_.size() + options_.batch - 2) / options_.batch;
  EpochSums sums(device_);
  double rate = 0;
  const Stopwatch watch;
  network_.set_training(true);
  {
    Progress progress(fmt::format("epoch {}/{}", epoch + 1, options_.epochs), train_.size(), "images");
    for (int64_t s = 0; s < steps; ++s) {
      check_stop();
      if (watch.seconds() > seconds_left) throw TimeIsUp();
      const at::Tensor positions = order.slice(0, s * options_.batch, (s + 1) * options_.batch);
      rate = options_.rate_at(epoch * steps + s, options_.epochs * steps);
      sums.add(step(positions, epoch, rate), positions.size(0));
      const bool look = s % 50 == 49 || s + 1 == steps;
      if (look && !std::isfinite(sums.mean_loss())) {
        throw RunError(fmt::format(
            "training stopped: the loss is not finite in epoch {}; the last epoch's checkpoint is kept", epoch + 1));
      }
      progress.advance(positions.size(0), look ? fmt::format("loss {:.3f}", sums.mean_loss()) : "");
    }
  }
  const double seconds = watch.seconds();
  HeldOutResult held_out;
  Json robust;
  with_model([&] {
    held_out = evaluate_held_out(network_, held_out_, seed, device_);
    if (!adversarial_) return;
    const auto attacked = [&](const Batch& batch) { return adversarial_->judge.perturbed(network_, batch, seed); };
    robust = evaluate_held_out(network_, held_out_.first(kRobustImages), seed, device_, attacked).accuracy.to_json();
  });
  const auto images = static_cast<double>(sums.images);
  Json row{{"epoch", epoch + 1},
           {"learning_rate", rate},
           {"loss", sums.mean_loss()},
           {"penalty", sums.penalty.item<double>() / images},
           {"train_accuracy", sums.correct.item<double>() / images},
           {"held_out", held_out.accuracy.to_json()},
           {"robust", robust},
           {"execution_rate", held_out.rates.empty() ? Json() : Json(held_out.mean_rate())},
           {"rates", held_out.rates},
           {"seconds", seconds},
           {"images_per_second", images / seconds}};
  const std::string gates = held_out.rates.empty() ? "" : fmt::format("  execution rate {:.3f}", held_out.mean_rate());
  const std::string attacked =
      robust.is_null() ? "" : fmt::format("  robust {:.1f} %", 100 * robust["value"].get<double>());
  fmt::print("epoch {}/{}  loss {:.4f}  held-out {:.2f} %{}{}  {:.0f} images/s\n", epoch + 1, options_.epochs,
             sums.mean_loss(), 100 * held_out.accuracy.value(), attacked, gates, images / seconds);
  std::fflush(stdout);
  return row;
}

void set_normalization(Network& network, const Dataset& data) {
  // In whole numbers, so that the result does not depend on the order of the sum.
  at::Tensor sum = at::zeros({3}, at::TensorOptions(at::kLong)), square_sum = sum.clone();
  constexpr int64_t kChunk = 500;  // bounds the memory of the 64-bit copy
  for (int64_t begin = 0; begin < data.size(); begin += kChunk) {
    const at::Tensor pixels = data.images.slice(0, begin, begin + kChunk).to(at::kLong);
    sum += pixels.sum({0, 2, 3});
    square_sum += (pixels * pixels).sum({0, 2, 3});
  }
  const auto count = static_cast<double>(data.size() * data.images.size(2) * data.images.size(3));
  const at::Tensor mean = sum.to(at::kDouble) / (255 * count);
  const at::Tensor square = square_sum.to(at::kDouble) / (255.0 * 255.0 * count);
  for (const auto& [name, tensor] : network.named_statistics()) {
    if (name == "normalize.mean") tensor.copy_(mean.view({3, 1, 1}));
    // A channel without contrast must not divide by zero: one level is the least deviation.
    if (name == "normalize.std") {
      tensor.copy_((square - mean * mean).clamp_min(0).sqrt().clamp_min(1.0 / 255).view({3, 1, 1}));
    }
  }
}

}  // namespace aigis
