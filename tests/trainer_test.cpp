// One step of training against the same step by hand, each option on its own.
#include "lib/train/trainer.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "lib/data/augment.h"
#include "lib/train/mixup.h"
#include "tests/attacks.h"
#include "tests/networks.h"

namespace aigis {
namespace {

constexpr int64_t kSide = 8, kImages = 6;
constexpr double kRate = 0.5;

/// Logits W x + b of flattened images; remembers the images it was trained on last.
class Linear : public Network {
 public:
  Linear() {
    weight_ = (at::arange(10 * 3 * kSide * kSide, at::TensorOptions(at::kFloat)).view({10, -1}).sin() / 10)
                  .set_requires_grad(true);
    bias_ = (at::arange(10, at::TensorOptions(at::kFloat)) / 10).set_requires_grad(true);
    card_.architecture = "linear";
    card_.classes = 10;
    card_.input = {3, kSide, kSide};
  }
  Output forward(const at::Tensor& images, const Pass&) override {
    if (training_) seen = images;
    return {at::matmul(images.flatten(1), weight_.t()) + bias_, {}};
  }
  NamedTensors named_weights() override { return {{"weight", weight_}, {"bias", bias_}}; }
  NamedTensors named_statistics() override { return {}; }
  const ModelCard& card() const override { return card_; }
  bool is_training() const override { return training_; }
  void set_training(bool on) override { training_ = on; }
  std::vector<std::string> gate_modes() const override { return {"none"}; }
  void set_gate_mode(const std::string&) override {}
  std::vector<double> execution_rates() const override { return {}; }
  void set_execution_rates(const std::vector<double>&) override {}
  void move_to(at::Device, at::ScalarType) override {}
  void freeze() override {}
  at::Tensor penalty(const Output&) const override { return {}; }

  at::Tensor weight() const { return weight_.detach().clone(); }
  at::Tensor bias() const { return bias_.detach().clone(); }

  at::Tensor seen;

 private:
  at::Tensor weight_, bias_;
  ModelCard card_;
  bool training_ = true;
};

class Steps : public ::testing::Test {
 protected:
  Steps() {
    data_.classes.assign(10, "x");
    const at::Tensor values = at::arange(kImages * 3 * kSide * kSide, at::TensorOptions(at::kLong)) * 37 % 251;
    data_.images = values.to(at::kByte).view({kImages, 3, kSide, kSide});
    data_.labels = at::arange(kImages, at::TensorOptions(at::kLong));
    data_.ids = at::arange(kImages, at::TensorOptions(at::kLong)) + 30;
    options_.augment = false;
    options_.momentum = 0;
    options_.nesterov = false;
    options_.weight_decay = 0;
    options_.precision = Precision::float32;
  }
  at::Tensor clean() const { return data_.images.to(at::kFloat) / 255; }
  at::Tensor targets() const { return at::one_hot(data_.labels, 10).to(at::kFloat); }
  Trainer trainer(std::optional<AdversarialTraining> adversarial = {}) {
    return Trainer(network_, data_, data_, options_, at::kCPU, std::move(adversarial));
  }
  StepResult step(Trainer& trainer) {
    return trainer.step(at::arange(kImages, at::TensorOptions(at::kLong)), 0, kRate);
  }

  /// One step on `images` towards `targets` must lead from the weights before to those of now: the gradient of the mean
  /// cross-entropy is (softmax - targets) x / N.
  void expect_step(const at::Tensor& before, const at::Tensor& bias_before, const at::Tensor& images,
                   const at::Tensor& targets, double scale = 1, double weight_decay = 0) {
    const at::Tensor x = images.flatten(1);
    const at::Tensor error = (at::softmax(at::matmul(x, before.t()) + bias_before, 1) - targets) / kImages;
    const at::Tensor weight = before - kRate * (scale * at::matmul(error.t(), x) + weight_decay * before);
    EXPECT_TRUE(at::allclose(network_.weight(), weight, 1e-5, 1e-6));
    EXPECT_TRUE(at::allclose(network_.bias(), bias_before - kRate * scale * error.sum(0), 1e-5, 1e-6));
  }

  Linear network_;
  Dataset data_;
  TrainOptions options_;
};

TEST_F(Steps, Plain) {
  const at::Tensor before = network_.weight(), bias = network_.bias();
  Trainer plain = trainer();
  step(plain);
  expect_step(before, bias, clean(), targets());
}

TEST_F(Steps, LabelSmoothing) {
  options_.label_smoothing = 0.2;
  const at::Tensor before = network_.weight(), bias = network_.bias();
  Trainer smooth = trainer();
  step(smooth);
  expect_step(before, bias, clean(), targets() * 0.8 + 0.2 / 10);
}

TEST_F(Steps, Mixup) {
  options_.mixup = 0.7;
  const double share = mixup_share(0.7, {1, Purpose::mixing}, 30);
  ASSERT_GT(std::min(share, 1 - share), 0.01);
  const at::Tensor before = network_.weight(), bias = network_.bias();
  Trainer mixing = trainer();
  const StepResult result = step(mixing);
  const at::Tensor mixed = clean() * share + clean().flip(0) * (1 - share);
  expect_step(before, bias, mixed, targets() * share + targets().flip(0) * (1 - share));
  const at::Tensor said = (at::matmul(mixed.flatten(1), before.t()) + bias).argmax(1);
  const double correct = share * said.eq(data_.labels).sum().item<double>() +
                         (1 - share) * said.eq(data_.labels.flip(0)).sum().item<double>();
  EXPECT_NEAR(result.correct.item<double>(), correct, 1e-5);
}

TEST_F(Steps, Cutout) {
  options_.cutout = 3;
  const at::Tensor before = network_.weight(), bias = network_.bias();
  Trainer cutting = trainer();
  step(cutting);
  EXPECT_FALSE(at::allclose(network_.seen, clean()));
  EXPECT_TRUE(at::logical_or(network_.seen.eq(0.5), network_.seen.isclose(clean())).all().item<bool>());
  expect_step(before, bias, network_.seen, targets());
}

TEST_F(Steps, WeightsAloneDecayIfAsked) {
  options_.weight_decay = 0.1;
  options_.decay_norms = false;
  const at::Tensor before = network_.weight(), bias = network_.bias();
  Trainer decaying = trainer();
  step(decaying);
  expect_step(before, bias, clean(), targets(), 1, 0.1);
}

TEST_F(Steps, GradientsAreClipped) {
  options_.clip_norm = 0.01;
  const at::Tensor before = network_.weight(), bias = network_.bias();
  const at::Tensor x = clean().flatten(1);
  const at::Tensor error = (at::softmax(at::matmul(x, before.t()) + bias, 1) - targets()) / kImages;
  const double norm =
      std::sqrt(at::matmul(error.t(), x).pow(2).sum().item<double>() + error.sum(0).pow(2).sum().item<double>());
  ASSERT_GT(norm, 0.01);
  Trainer clipping = trainer();
  step(clipping);
  expect_step(before, bias, clean(), targets(), 0.01 / norm);
}

TEST_F(Steps, TheModelIsTheAverage) {
  options_.average = 0.6;
  Trainer averaging = trainer();
  step(averaging);
  const at::Tensor first = network_.weight();
  step(averaging);
  const at::Tensor second = network_.weight();
  averaging.with_model([&] {
    EXPECT_TRUE(at::allclose(network_.weight(), first * 0.6 + second * 0.4, 1e-5, 1e-7));
    EXPECT_FALSE(network_.is_training());
  });
  EXPECT_TRUE(at::equal(network_.weight(), second));
}

// Zhang et al. 2019, equation 5, written out: cross-entropy of the clean images and beta KL(clean || attacked), both of
// whose sides learn.
TEST_F(Steps, TradesLearnsFromBoth) {
  options_.trades = 3;
  const at::Tensor before = network_.weight(), bias = network_.bias();
  const auto one_step = make_attack("bim:steps=1,relative_step_size=1");
  Trainer both = trainer(AdversarialTraining{{one_step, 0.03}, {one_step, 0.03}});
  step(both);
  const at::Tensor w = before.clone().set_requires_grad(true), b = bias.clone().set_requires_grad(true);
  const auto probability = [&](const at::Tensor& x) { return at::softmax(at::matmul(x.flatten(1), w.t()) + b, 1); };
  const at::Tensor p = probability(clean()), q = probability(network_.seen);
  const at::Tensor error = at::softmax(at::matmul(clean().flatten(1), before.t()) + bias, 1) - targets();
  const at::Tensor attacked = (clean() + 0.03 * at::matmul(error, before).sign().view(clean().sizes())).clamp(0, 1);
  EXPECT_TRUE(at::allclose(network_.seen, attacked, 0, 1e-6));
  const at::Tensor loss = -(targets() * p.log()).sum() / kImages + 3 * (p * (p / q).log()).sum() / kImages;
  loss.backward();
  EXPECT_TRUE(at::allclose(network_.weight(), before - kRate * w.grad(), 1e-4, 1e-6));
  EXPECT_TRUE(at::allclose(network_.bias(), bias - kRate * b.grad(), 1e-4, 1e-6));
}

/// Epochs of a single step; with a huge weight decay a loss is still finite where the step behind it is not.
class Epochs : public Steps {
 protected:
  Epochs() {
    options_.epochs = 2;
    options_.learning_rate = 1;
    options_.weight_decay = 1e25;
  }
  /// What the run says as it stops, or nothing.
  std::string message_of_run() {
    Trainer training = trainer();
    try {
      training.run(0, [&] {
        ++saved;
        EXPECT_TRUE(network_.weight().isfinite().all().item<bool>());
      });
    } catch (const RunError& error) {
      return error.what();
    }
    return "";
  }
  int saved = 0;
};

TEST_F(Epochs, WhatIsNotFiniteIsNeverSaved) {
  EXPECT_EQ(message_of_run(),
            "training stopped: a weight or a statistic is not finite in epoch 2; the checkpoint of epoch 1 is kept");
  EXPECT_EQ(saved, 1);
}

TEST_F(Epochs, WithoutACheckpointNoneIsClaimed) {
  options_.learning_rate = 1e20;
  EXPECT_EQ(message_of_run(), "training stopped: a weight or a statistic is not finite in epoch 1; nothing was saved");
  EXPECT_EQ(saved, 0);
}

TEST_F(Epochs, NoneBeginsThatCannotEndInTime) {
  options_.weight_decay = 0;
  options_.epochs = 100;
  Trainer training = trainer();
  const auto slow = [] { std::this_thread::sleep_for(std::chrono::milliseconds(1100)); };
  EXPECT_FALSE(training.run(2, slow));
  EXPECT_EQ(training.state().epochs_done, 1);
}

TEST_F(Steps, AdversarialImagesAreLearnt) {
  const at::Tensor before = network_.weight(), bias = network_.bias();
  const auto one_step = make_attack("bim:steps=1,relative_step_size=1");
  Trainer robust = trainer(AdversarialTraining{{one_step, 0.03}, {one_step, 0.03}});
  step(robust);
  const at::Tensor error = at::softmax(at::matmul(clean().flatten(1), before.t()) + bias, 1) - targets();
  const at::Tensor direction = at::matmul(error, before).sign().view(clean().sizes());
  const at::Tensor attacked = (clean() + 0.03 * direction).clamp(0, 1);
  EXPECT_TRUE(at::allclose(network_.seen, attacked, 0, 1e-6));
  expect_step(before, bias, attacked, targets());
}

}  // namespace
}  // namespace aigis
