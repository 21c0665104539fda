// The loss of an attack that has not converged still grows: whose is followed, and what growth is passed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "checks/checks.h"
#include "lib/metrics/student.h"
#include "tests/evaluation.h"
#include "tests/planted_gates.h"

namespace aigis {
namespace {

// A check for which there is no attack has not been passed.
TEST(Checks, ACheckWithoutAnAttackIsUndecided) {
  EXPECT_EQ(level_of(checks_of({.name = "ten steps"}), "loss-growth"), "undecided");
}

// Cross-entropy with the label need not grow where the attack is out for a target, or for a cost that stays, too, or
// where it climbs that of a network with soft gates.
TEST(Checks, OnlyTheLabelsLossIsFollowed) {
  for (const auto& [attack, is_followed] : {std::pair{"pgd:steps=40", true},
                                            {"pgd:steps=40,target=random", false},
                                            {"gate-reroute:steps=40", false},
                                            {"pgd:steps=40,gates=relaxed", false}}) {
    const Json checks = checks_of({.name = attack, .model = std::make_shared<Gated>(), .attack = make_attack(attack)});
    const auto growth =
        std::find_if(checks.begin(), checks.end(), [](const Json& check) { return check["check"] == "loss-growth"; });
    ASSERT_NE(growth, checks.end());
    const auto found = (*growth)["message"].get<std::string>().find("no attack is one ascent of the label's loss");
    EXPECT_EQ(found == std::string::npos, is_followed) << *growth;
  }
}

/// Answers rightly, with the loss that is told of an image's number and the attack's step.
class Loses : public PatternNet {
 public:
  using Told = std::function<double(int64_t id, uint32_t step)>;
  explicit Loses(Told told) : told_(std::move(told)) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    std::vector<double> logits;
    for (int64_t i = 0; i < images.size(0); ++i) {
      const auto id = pass.image_ids[i].item<int64_t>();
      const double right = std::exp(-told_(id, pass.noise.step));
      for (int64_t k = 0; k < kClasses; ++k) {
        logits.push_back(std::log(k == id % kClasses ? right : (1 - right) / (kClasses - 1)));
      }
    }
    const at::Tensor slope = patterns().select(1, 0).sum({1, 2}).unsqueeze(0) * images.mean({1, 2, 3}).unsqueeze(1);
    return {at::tensor(logits).view({-1, kClasses}).to(images.scalar_type()) + (slope - slope.detach()), {}};
  }

 private:
  Told told_;
};

/// Of an attack of 40 steps on a hundred images, whose loss is 0.2 until the last ten steps.
Finding growth_of(double even, double odd, int64_t images = 100, const std::string& attack = "pgd") {
  SweepPlan plan;
  plan.models = {std::make_shared<Loses>([=](int64_t id, uint32_t step) {
    return step < 30 ? 0.2 : id % 2 == 0 ? even : odd;
  })};
  plan.runs = plan_runs({make_attack(attack + ":steps=40")}, {nullptr}, {Access{}}, false);
  plan.epsilons = {kEpsilon};
  plan.data = patterned().first(images);
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  return checks::loss_growth(Claim(plan, result.tallies[0], 0, {0})).value();
}

// Growth is told from what is let pass, 5 %, by the interval over images, on either side.
TEST(Checks, AGrowthOfTheLossIsPassedOnlyWhereMoreIsRuledOut) {
  const Finding none = growth_of(0.2, 0.2), much = growth_of(0.24, 0.24), unclear = growth_of(0.3, 0.115);
  EXPECT_EQ(none.level, Finding::Level::passed) << none.message;
  EXPECT_NEAR(none.smallest_effect.value(), 0.05, 1e-3);
  EXPECT_EQ(much.level, Finding::Level::warning) << much.message;
  EXPECT_NEAR(much.numbers["growth"].get<double>(), 0.2, 1e-3);
  const Finding uneven = growth_of(0.24, 0.24, 100, "emi-fgsm");
  EXPECT_NEAR(uneven.numbers["growth"].get<double>(), 0.2, 1e-3) << "its first step takes one gradient, others eleven";
  EXPECT_EQ(unclear.level, Finding::Level::undecided) << unclear.message;
  EXPECT_NEAR(unclear.numbers["growth"].get<double>(), 0.0375, 1e-3);
  EXPECT_NEAR(unclear.smallest_effect.value(), 0.05 + student_quantile(99) * 0.0925 / std::sqrt(99) / 0.2, 1e-3);
  EXPECT_EQ(growth_of(0.31, 0.1955, 7).level, Finding::Level::undecided) << "at 2.2 standard errors of seven images";
  EXPECT_EQ(growth_of(0.31, 0.2055, 7).level, Finding::Level::warning) << "at 2.6";
  const Finding few = growth_of(0.2, 0.2, 6);
  EXPECT_EQ(few.level, Finding::Level::undecided);
  EXPECT_EQ(few.message, "6 of 6 images stand under pgd, too few to tell whether its loss still grew; 7 would do");
  EXPECT_FALSE(few.smallest_effect);
}

}  // namespace
}  // namespace aigis
