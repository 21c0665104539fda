// Honest attacks on honest models raise no check.
#include <gtest/gtest.h>

#include "tests/evaluation.h"
#include "tests/planted_gates.h"

namespace aigis {
namespace {

// DLR's quotient is constant where the label ranks third: a random start gets there on an honest model, too.
TEST(NoDefects, ALossThatIsFlatWhereTheAttackHasWonIsNoDefect) {
  for (const char* attack : {"pgd:loss=dlr,stop=false,steps=20", "apgd-dlr:stop=false,steps=20"}) {
    const Json checks = checks_of({.name = attack, .attack = make_attack(attack)});
    EXPECT_EQ(raised(checks), std::set<std::string>{}) << attack << checks.dump(1);
    EXPECT_EQ(level_of(checks, "gradients"), "passed") << attack;
  }
}

TEST(NoDefects, AnAttackThatAveragesOverTheNoiseIsNotBlamed) {
  const Json checks = checks_of(
      {.name = "eot", .model = std::make_shared<NoisyGate>(), .attack = make_attack("eot-pgd:steps=10,draws=10")});
  EXPECT_EQ(level_of(checks, "randomness"), "passed") << checks.dump(1);
  EXPECT_EQ(level_of(checks, "fixed-noise"), "passed");
}

TEST(NoDefects, AnHonestAttackOnAnHonestModelRaisesNone) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const auto& model :
         {std::shared_ptr<Model>(std::make_shared<PatternNet>()), std::shared_ptr<Model>(std::make_shared<Gated>())}) {
      const Json checks = checks_of({.name = "honest", .model = model, .data = patterned(seed), .seed = seed});
      EXPECT_EQ(raised(checks), std::set<std::string>{}) << seed << checks.dump(1);
      for (const char* name :
           {"gradients", "best-iterate", "uphill", "randomness", "batch-dependence", "monotone", "noise", "one-step",
            "iterated", "black-box", "longer", "losses", "large-budget", "unbounded"}) {
        EXPECT_EQ(level_of(checks, name), "passed") << name << seed;
      }
      EXPECT_EQ(level_of(checks, "gate-gradients"), model->card().gated.empty() ? "absent" : "passed");
    }
  }
}

}  // namespace
}  // namespace aigis
