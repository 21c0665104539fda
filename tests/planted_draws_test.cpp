// Planted defects of attacks that heed too few draws of a gate's noise.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/evaluation.h"
#include "tests/planted_gates.h"

namespace aigis {
namespace {

TEST(PlantedDefects, NoiseThatHidesTheWay) {
  const Json checks = checks_of({.name = "noisy gates", .model = std::make_shared<NoisyGate>()});
  EXPECT_EQ(level_of(checks, "randomness"), "warning") << checks.dump(1);
  EXPECT_EQ(level_of(checks, "fixed-noise"), "warning");
}

/// Noise that moves no answer: of four draws each lets the gradient of another quarter of the pixel values through.
class ShowsAQuarter : public NoisyGate {
 public:
  ShowsAQuarter() : NoisyGate(0) {}

 private:
  at::Tensor before(const at::Tensor& images, const Pass& pass) override {
    const at::Tensor number = at::arange(3 * kSide * kSide, images.options()).view({3, kSide, kSide});
    const at::Tensor shown = number.remainder(4).eq(pass.noise.draw % 4).to(images.scalar_type());
    return images.detach() + (images - images.detach()) * shown;
  }
};

// Several draws are asked for, and two are several; more steps of two would see as little.
TEST(PlantedDefects, TooFewDrawsToSeeTheWay) {
  for (const auto& [draws, level] : {std::pair{2, "warning"}, {4, "passed"}}) {
    const Json checks = checks_of({.name = "few draws",
                                   .model = std::make_shared<ShowsAQuarter>(),
                                   .attack = make_attack(fmt::format("eot-pgd:steps=20,draws={}", draws))});
    EXPECT_EQ(level_of(checks, "longer"), level) << checks.dump(1);
    for (const char* check : {"randomness", "fixed-noise"}) EXPECT_EQ(level_of(checks, check), "passed") << draws;
  }
}

// It asks in several draws whether an image is wrong, and follows the gradient of one.
TEST(PlantedDefects, ASearchDoesNotAverageOverTheNoise) {
  const Json checks = checks_of(
      {.name = "beside a search", .model = std::make_shared<NoisyGate>(), .before = make_attack("fmn:steps=2")});
  EXPECT_EQ(level_of(checks, "randomness"), "passed") << checks.dump(1);
  const auto fixed =
      std::find_if(checks.begin(), checks.end(), [](const Json& check) { return check["check"] == "fixed-noise"; });
  ASSERT_NE(fixed, checks.end());
  EXPECT_EQ((*fixed)["level"], "warning") << *fixed;
  EXPECT_TRUE((*fixed)["message"].get<std::string>().ends_with("no attack averages, as pgd:draws=20 does")) << *fixed;
}

}  // namespace
}  // namespace aigis
