// Training by recorded steps against training by the steps themselves. On a CPU a recording runs its function again, so
// all but CUDA's part of it is seen here.
#include "lib/train/recorded_step.h"

#include <ATen/Context.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "lib/train/normalization.h"
#include "lib/train/trainer.h"
#include "tests/attacks.h"
#include "tests/networks.h"

namespace aigis {
namespace {

constexpr int64_t kBatch = 4;

Dataset pictures() {
  const at::TensorOptions whole(at::kLong);
  Dataset data;
  data.classes.assign(10, "x");
  data.images = (random_images(19) * 255).to(at::kByte);
  data.labels = at::arange(19, whole) % 10;
  data.ids = at::arange(19, whole) + 30;
  return data;
}

struct Trained {
  std::vector<at::Tensor> tensors;  ///< weights, statistics and averages
  std::vector<double> results;      ///< of each step
};

/// Two epochs of four whole batches and a smaller one.
Trained trained(const std::string& spec, TrainOptions options, bool recorded, at::Device device,
                std::optional<AdversarialTraining> adversarial) {
  const Dataset data = pictures();
  const auto network = build(spec);
  set_normalization(*network, data);
  network->move_to(device, at::kFloat);
  options.cuda_graph = recorded;
  options.batch = kBatch;
  Trainer trainer(*network, data, data, options, device, std::move(adversarial));
  network->set_training(true);
  Trained result;
  const at::Tensor order = at::arange(data.size(), at::TensorOptions(at::kLong));
  for (uint32_t epoch = 0; epoch < 2; ++epoch) {
    for (int64_t begin = 0; begin < data.size(); begin += kBatch) {
      const double rate = 0.02 / static_cast<double>(begin + 1);
      const StepResult step = trainer.step(order.slice(0, begin, begin + kBatch), epoch, rate);
      for (const auto& value : {step.loss, step.penalty, step.correct}) result.results.push_back(value.item<double>());
    }
  }
  for (const auto& list : {network->named_weights(), network->named_statistics(), trainer.averages()}) {
    for (const auto& [name, tensor] : list) result.tensors.push_back(tensor.detach().cpu());
  }
  return result;
}

struct Case {
  const char* name;
  const char* spec;
  std::function<void(TrainOptions&)> change;
  bool adversarial = false;
};

class RecordedSteps : public ::testing::TestWithParam<Case> {
 protected:
  static Trained run(bool recorded, at::Device device) {
    TrainOptions options;
    options.precision = Precision::float32;
    GetParam().change(options);
    std::optional<AdversarialTraining> adversarial;
    if (GetParam().adversarial) {
      const auto attack = make_attack("bim:steps=2");
      adversarial = AdversarialTraining{{attack, 0.03}, {attack, 0.03}};
    }
    return trained(GetParam().spec, options, recorded, device, adversarial);
  }
};

TEST_P(RecordedSteps, LearnWhatStepsLearn) {
  const Trained steps = run(false, at::kCPU), recorded = run(true, at::kCPU);
  EXPECT_EQ(steps.results, recorded.results);
  ASSERT_EQ(steps.tensors.size(), recorded.tensors.size());
  for (size_t i = 0; i < steps.tensors.size(); ++i) EXPECT_TRUE(at::equal(steps.tensors[i], recorded.tensors[i])) << i;
}

/// After ten steps in float32, whose rounding cuDNN need not repeat.
TEST_P(RecordedSteps, LearnWhatStepsLearnOnCuda) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
  if (!has_recordings(at::kCUDA)) GTEST_SKIP() << "built without a CUDA compiler";
  const at::Device device(at::kCUDA, 0);
  const Trained steps = run(false, device), recorded = run(true, device);
  for (size_t i = 0; i < steps.results.size(); ++i) EXPECT_NEAR(steps.results[i], recorded.results[i], 1e-2) << i;
  ASSERT_EQ(steps.tensors.size(), recorded.tensors.size());
  for (size_t i = 0; i < steps.tensors.size(); ++i) {
    EXPECT_TRUE(at::allclose(steps.tensors[i], recorded.tensors[i], 1e-2, 1e-3)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, RecordedSteps,
    ::testing::Values(Case{"Plain", "resnet-8", [](TrainOptions&) {}}, Case{"Gated", "aig-8", [](TrainOptions&) {}},
                      Case{"Dense", "dense-aig-7:information_weight=0.5", [](TrainOptions&) {}},
                      Case{"Fastest", "aig-8", [](TrainOptions& o) { o.precision = Precision::automatic; }},
                      Case{"Mixup", "aig-8", [](TrainOptions& o) { o.mixup = 0.7; }},
                      Case{"Average", "resnet-8", [](TrainOptions& o) { o.average = 0.9; }},
                      Case{"Clipped", "preresnet-8",
                           [](TrainOptions& o) {
                             o.clip_norm = 0.1;
                             o.decay_norms = false;
                           }},
                      Case{"Adversarial", "aig-8", [](TrainOptions&) {}, true},
                      Case{"Trades", "resnet-8", [](TrainOptions& o) { o.trades = 3; }, true}),
    [](const auto& p) { return p.param.name; });

TEST(RecordedStep, NeedsTheSameKernelsEachTime) {
  const Dataset data = pictures();
  const auto network = build("stochastic-depth-8");
  TrainOptions options;
  options.cuda_graph = true;
  EXPECT_THROW(Trainer(*network, data, data, options, at::kCPU), InputError);
}

}  // namespace
}  // namespace aigis
