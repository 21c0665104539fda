// Steps of a trainer on a linear network, whose gradient is known.
#pragma once

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>

#include <utility>

#include "lib/train/trainer.h"
#include "tests/plain_network.h"

namespace aigis {

constexpr int64_t kSide = 8, kImages = 6;  ///< of the images to learn
constexpr double kRate = 0.5;              ///< of learning

/// Logits W x + b of flattened images; remembers the images it was trained on last.
class Linear : public PlainNetwork {
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
  bool is_training() const override { return training_; }
  void set_training(bool on) override { training_ = on; }

  at::Tensor weight() const { return weight_.detach().clone(); }
  at::Tensor bias() const { return bias_.detach().clone(); }

  at::Tensor seen;

 protected:
  bool training_ = true;

 private:
  at::Tensor weight_, bias_;
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

}  // namespace aigis
