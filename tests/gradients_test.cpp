// Whole networks, with soft gates and thus smooth but for ReLUs: the gradient of every weight and of the images
// against central differences in float64.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/networks.h"

namespace aigis {
namespace {

class Gradients : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    disturb(*net_);
    auto generator = at::detail::createCPUGenerator(21);
    // Gates neither shut nor open, and no bias that hides a unit of theirs from the loss.
    for (const auto& [name, tensor] : net_->named_weights()) {
      if (name.ends_with("bias")) tensor.detach().add_(at::rand(tensor.sizes(), generator, tensor.options()) - 0.3);
    }
    logit_weights_ = at::rand({kImages, 10}, generator, at::TensorOptions(at::kDouble)) * 2 - 1;
    if (const auto gates = static_cast<int64_t>(net_->card().gated.size()); gates > 0) {
      gate_weights_ = at::rand({kImages, gates}, generator, at::TensorOptions(at::kDouble)) * 2 - 1;
    }
  }

  at::Tensor loss() const {
    Pass pass = pass_of(kImages);
    pass.gate_gradient = GateGradient::relaxed;
    pass.temperature = 0.7;
    const Output output = net_->forward(images_, pass);
    const at::Tensor loss = (output.logits * logit_weights_).sum();
    return gate_weights_.defined() ? loss + (output.gates.open * gate_weights_).sum() : loss;
  }

  /// Along one random direction.
  void expect_gradient_of(const std::string& name, const at::Tensor& variable) const {
    auto generator = at::detail::createCPUGenerator(5);
    const at::Tensor direction = at::rand(variable.sizes(), generator, at::TensorOptions(at::kDouble)) * 2 - 1;
    constexpr double h = 1e-7;  // so small that hardly a ReLU switches between the two
    const auto moved = [&](double by) {
      variable.detach().add_(direction, by);
      return loss().item<double>();
    };
    const double above = moved(h), below = moved(-2 * h);
    moved(h);
    const double numerical = (above - below) / (2 * h);
    // A layer that stochastic depth drops has none, and makes no difference.
    const double given = variable.grad().defined() ? (variable.grad() * direction).sum().item<double>() : 0;
    EXPECT_NEAR(given, numerical, 3e-5 * std::abs(numerical) + 3e-6) << name;
  }

  static constexpr int64_t kImages = 3;
  const OneThread one_thread_;  // the networks are too small to share
  std::unique_ptr<Network> net_ = build(GetParam());
  at::Tensor images_ = random_images(kImages).set_requires_grad(true);
  at::Tensor logit_weights_, gate_weights_;
};

TEST_P(Gradients, AreThoseOfDifferences) {
  for (const bool training : {true, false}) {
    net_->set_training(training);
    const NamedTensors weights = net_->named_weights();
    for (const auto& [name, tensor] : weights) tensor.mutable_grad() = at::Tensor();
    images_.mutable_grad() = at::Tensor();
    loss().backward();
    expect_gradient_of("images", images_);
    for (const auto& [name, tensor] : weights) {
      expect_gradient_of(fmt::format("{}{}", name, training ? ", batch statistics" : ""), tensor);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Gradients,
                         ::testing::Values("resnet-8", "preresnet-8", "stochastic-depth-8", "aig-8",
                                           "aig-8:gate_norm=true", "dense-aig-10:growth=4,gate_norm=true"),
                         [](const auto& p) {
                           std::string name = p.param;
                           for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace aigis
