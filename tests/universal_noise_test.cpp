// A perturbation for all images is chosen under other noise than that which it was fitted to.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "tests/attacks.h"
#include "tests/three_gates.h"

namespace aigis {
namespace {

/// Remembers the noise that it was asked under, with a gradient and without.
class RemembersNoise : public ThreeGates {
 public:
  RemembersNoise() : ThreeGates(true) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    (images.requires_grad() ? with_gradient : without).insert({pass.noise.restart, pass.noise.draw, pass.noise.step});
    return ThreeGates::forward(images, pass);
  }

  std::set<std::array<uint32_t, 3>> with_gradient, without;
};

TEST(GateUniversal, IsNotChosenByTheNoiseThatItWasFittedTo) {
  for (const int64_t draws : {1, 3}) {
    RemembersNoise model;
    Victim victim(model, 0);
    const Batch training = batch_of(random_images(4, 1, 2), 0);
    taught(make_attack(fmt::format("gate-universal:steps=2,draws={}", draws)), victim, training, Norm::linf, {0.1});
    EXPECT_EQ(model.with_gradient.size(), static_cast<size_t>(2 * draws));
    EXPECT_EQ(model.without.size(), 2U);
    for (const auto& noise : model.without) EXPECT_FALSE(model.with_gradient.contains(noise)) << draws;
  }
}

}  // namespace
}  // namespace aigis
