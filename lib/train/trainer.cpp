#include "lib/train/trainer.h"

#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/data/augment.h"
#include "lib/ops/autocast.h"

namespace aigis {
namespace {

struct TimeIsUp {};

/// Sums over an epoch, kept on the device so that a step does not wait for them.
struct EpochSums {
  explicit EpochSums(at::Device device)
      : loss(at::zeros({}, at::TensorOptions(device).dtype(at::kDouble))), penalty(loss.clone()),
        correct(loss.clone()) {}

  void add(const StepResult& step, int64_t count) {
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

at::ScalarType training_type(Precision precision, at::DeviceType device) {
  switch (precision) {
    case Precision::float32: return at::kFloat;
    case Precision::bfloat16: return at::kBFloat16;
    case Precision::automatic: break;
  }
  return fastest_type(device);
}

/// Larger sets stay in the machine's memory, and go to a GPU batch by batch.
constexpr size_t kMostOnDevice = size_t{8} << 30;

}  // namespace

std::string TrainState::what_is_kept() const {
  return epochs_done == 0 ? "nothing was saved" : fmt::format("the checkpoint of epoch {} is kept", epochs_done);
}

Trainer::Trainer(Network& network, const Dataset& train, const Dataset& held_out, const TrainOptions& options,
                 at::Device device, std::optional<AdversarialTraining> adversarial)
    : network_(network), train_(train.images.nbytes() <= kMostOnDevice ? train.on(device) : train), held_out_(held_out),
      options_(options), device_(device), type_(training_type(options.precision, device.type())),
      sgd_(network.named_weights(),
           {options.momentum, options.nesterov, options.weight_decay, options.decay_norms, options.clip_norm}),
      adversarial_(std::move(adversarial)) {
  if (options.average > 0) average_.emplace(network, options.average);
  if (options.cuda_graph && !network.has_fixed_steps()) {
    throw InputError(fmt::format(
        "cuda_graph=true: what a training step of {} runs is drawn anew for each; expected cuda_graph=false",
        network.card().architecture));
  }
  if (options.cuda_graph) recorded_.emplace(device, [this](const StepInputs& inputs) { return learn(inputs); });
  state_.curve = Json::array();
}

Json Trainer::arithmetic() const {
  return {{"device", device_.str()}, {"precision", type_ == at::kBFloat16 ? "bfloat16" : "float32"}};
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

bool Trainer::run(std::optional<double> seconds, const std::function<void()>& save) {
  const Stopwatch watch;
  double taken = 0;  // by the last epoch
  while (state_.epochs_done < options_.epochs) {
    const double begin = watch.seconds(), left = seconds.value_or(std::numeric_limits<double>::infinity()) - begin;
    if (left <= taken) return false;  // an epoch that is cut off is lost
    try {
      state_.curve.push_back(run_epoch(left));
    } catch (const TimeIsUp&) {
      return false;
    }
    ++state_.epochs_done;
    save();
    taken = watch.seconds() - begin;
  }
  return true;
}

bool Trainer::is_finite() {
  for (const auto& list : {network_.named_weights(), network_.named_statistics(), sgd_.velocities(), averages()}) {
    for (const auto& [name, tensor] : list) {
      if (!tensor.isfinite().all().item<bool>()) return false;
    }
  }
  return true;
}

RunError Trainer::diverged(const std::string& what) const {
  return RunError(fmt::format("training stopped: {} is not finite in epoch {}; {}", what, state_.epochs_done + 1,
                              state_.what_is_kept()));
}

Trainer::Verdict Trainer::judge() {
  const auto seed = static_cast<uint64_t>(options_.seed);
  Verdict verdict;
  with_model([&] {
    verdict.held_out = evaluate_held_out(network_, held_out_, seed, device_);
    if (!adversarial_) return;
    const auto attacked = [&](const Batch& batch) { return adversarial_->judge.perturbed(network_, batch, seed); };
    verdict.robust =
        evaluate_held_out(network_, held_out_.first(kRobustImages), seed, device_, attacked).accuracy.to_json();
  });
  return verdict;
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
        throw diverged("the loss");
      }
      progress.advance(positions.size(0), look ? fmt::format("loss {:.3f}", sums.mean_loss()) : "");
    }
  }
  const double seconds = watch.seconds();
  // The loss of a batch is that before its step: what the last one did shows in the weights alone.
  if (!is_finite()) throw diverged("a weight or a statistic");
  const auto [held_out, robust] = judge();
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
  row.update(arithmetic());
  const std::string gates = held_out.rates.empty() ? "" : fmt::format("  execution rate {:.3f}", held_out.mean_rate());
  const std::string attacked =
      robust.is_null() ? "" : fmt::format("  robust {:.1f} %", 100 * robust["value"].get<double>());
  fmt::print("epoch {}/{}  loss {:.4f}  held-out {:.2f} %{}{}  {:.0f} images/s\n", epoch + 1, options_.epochs,
             sums.mean_loss(), 100 * held_out.accuracy.value(), attacked, gates, images / seconds);
  std::fflush(stdout);
  return row;
}

}  // namespace aigis
