// Whether gradients pass gates, and some attack follows them.
#include <ATen/ops/cat.h>
#include <gtest/gtest.h>

#include <numeric>

#include "checks/checks.h"
#include "tests/attacks.h"
#include "tests/planted_gates.h"
#include "tests/three_gates.h"

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

/// Its first gates decide by integer index.
class FirstByIndex : public ThreeGates {
 public:
  explicit FirstByIndex(int64_t count) : ThreeGates(false), count_(count) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    Output output = ThreeGates::forward(images, pass);
    const at::Tensor open = output.gates.open;
    output.gates.open = at::cat({open.slice(1, 0, count_).detach(), open.slice(1, count_)}, 1);
    return output;
  }

 private:
  int64_t count_;
};

Finding gate_gradients_of(const std::shared_ptr<Model>& model) {
  SweepPlan plan;
  plan.models = {model};
  plan.runs = {{nullptr, nullptr, Access{}}};
  plan.epsilons = {0};
  plan.data.ids = at::arange(8, at::TensorOptions(at::kLong));
  plan.data.labels = plan.data.ids.remainder(2);
  plan.data.images = at::full({8, 3, 2, 2}, 120, at::TensorOptions(at::kByte));
  const std::vector<RunTally> tallies(1);
  return checks::gate_gradients(Claim(plan, tallies, 0, {0})).value();
}

// A layer that is cut off cannot be told from one that is saturated: neither a defect for certain nor passed.
TEST(GateGradients, ALayerWithoutAnyLeavesThemUndecided) {
  EXPECT_EQ(gate_gradients_of(std::make_shared<FirstByIndex>(0)).level, Finding::Level::passed);
  const Finding one = gate_gradients_of(std::make_shared<FirstByIndex>(1));
  EXPECT_EQ(one.level, Finding::Level::undecided) << one.message;
  EXPECT_EQ(one.numbers["layers_zero"], 1);
  EXPECT_NE(one.message.find("those of a in every image"), std::string::npos) << one.message;
  EXPECT_EQ(gate_gradients_of(std::make_shared<FirstByIndex>(2)).level, Finding::Level::warning) << "more than half";
}

}  // namespace
}  // namespace aigis
