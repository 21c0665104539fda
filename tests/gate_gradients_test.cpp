// Whether gradients pass gates, and some attack follows them.
#include <gtest/gtest.h>

#include <numeric>

#include "checks/checks.h"
#include "tests/attacks.h"
#include "tests/planted_gates.h"

namespace aigis {
namespace {

Finding gate_gradients_beside(const std::vector<std::string>& attacks) {
  std::vector<std::shared_ptr<const Attack>> made;
  for (const std::string& attack : attacks) made.push_back(make_attack(attack));
  SweepPlan plan;
  plan.models = {std::make_shared<Gated>()};
  plan.runs = plan_runs(made, {nullptr}, {Access{}}, false);
  plan.epsilons = {0.02};
  plan.data = patterned().first(32);
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  std::vector<size_t> all(plan.runs.size());
  std::iota(all.begin(), all.end(), 0);
  return checks::gate_gradients(Claim(plan, result.tallies[0], 0, all)).value();
}

// An attack that follows no gradient follows none of gates either.
TEST(GateGradients, MustBeFollowedBySomeAttack) {
  const std::string around = "pgd:steps=2,gates=fixed-graph";
  EXPECT_EQ(gate_gradients_beside({around}).level, Finding::Level::warning);
  EXPECT_EQ(gate_gradients_beside({around, "noise"}).level, Finding::Level::warning);
  EXPECT_EQ(gate_gradients_beside({around, "pgd:steps=2"}).level, Finding::Level::passed);
  EXPECT_EQ(gate_gradients_beside({"noise"}).level, Finding::Level::passed) << "no gradient is missed";
}

}  // namespace
}  // namespace aigis
