// One step of training against the same step by hand, each option on its own; and how runs end.
#include "lib/train/trainer.h"

#include <ATen/ops/equal.h>

#include <chrono>
#include <thread>

#include "lib/train/mixup.h"
#include "tests/linear_steps.h"

namespace aigis {
namespace {

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
      training.run({}, [&] {
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

TEST_F(Epochs, NoneBeginsWhereNoTimeIsLeft) {
  Trainer training = trainer();
  EXPECT_FALSE(training.run(-1, [] { FAIL() << "an epoch was saved"; }));
  EXPECT_EQ(training.state().epochs_done, 0);
}

/// Takes its time over a batch.
class Slow : public Linear {
 public:
  Output forward(const at::Tensor& images, const Pass& pass) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return Linear::forward(images, pass);
  }
};

TEST_F(Epochs, OneWhoseStepsTakeTooLongIsGivenUp) {
  options_.weight_decay = 0;
  options_.batch = 2;  // of six images: the third step would begin after 0.6 s
  Slow slow;
  Trainer training(slow, data_, data_, options_, at::kCPU);
  EXPECT_FALSE(training.run(0.5, [] { FAIL() << "an epoch was saved"; }));
  EXPECT_EQ(training.state().epochs_done, 0);
}

}  // namespace
}  // namespace aigis
