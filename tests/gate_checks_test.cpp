// Checks of gates on a trained network: what soft gates change, and where gates cannot be soft.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "checks/checks.h"
#include "models/checkpoint.h"
#include "tests/attacks.h"
#include "tests/planted_gates.h"

namespace aigis {
namespace {

/// Images of noise: what a trained network says of them hangs on little.
Dataset noise_images() {
  constexpr int64_t kCount = 64;
  Dataset data;
  data.name = "noise";
  data.classes = std::vector<std::string>(10, "any");
  data.ids = at::arange(kCount, at::TensorOptions(at::kLong));
  data.labels = data.ids.remainder(10);
  data.images = (at::rand({kCount, 3, 32, 32}, at::detail::createCPUGenerator(1)) * 255).to(at::kByte);
  return data;
}

std::optional<Finding> mismatch(const std::shared_ptr<Model>& model, const Dataset& data,
                                const std::shared_ptr<const Defense>& defense = nullptr) {
  SweepPlan plan;
  plan.models = {model};
  plan.runs = {{nullptr, defense, Access{}}};
  plan.epsilons = {0};
  plan.data = data;
  const std::vector<RunTally> tallies(1);
  return checks::relaxed_mismatch(Claim(plan, tallies, 0, {0}));
}

std::shared_ptr<Model> trained(const std::string& options) {
  const std::string path = std::string(AIGIS_SOURCE_DIR) + "/models/synthetic-aig-8.safetensors:";
  return load_network(Spec::parse(path + options)).network;
}

TEST(RelaxedMismatch, SeesWhatSoftGatesChange) {
  for (const char* mode : {"gates=argmax", "gates=sampled"}) {
    const auto finding = mismatch(trained(mode), noise_images());
    ASSERT_TRUE(finding) << mode;
    EXPECT_EQ(finding->level, Finding::Level::passed) << finding->message;
    EXPECT_EQ(finding->count, 64);
    EXPECT_GT(finding->numbers["share_differs"].get<double>(), 0) << mode;
  }
}

TEST(RelaxedMismatch, SaysNothingWhereGatesCannotBeSoft) {
  EXPECT_FALSE(mismatch(trained("gates=budget,layers=2"), noise_images()));
  EXPECT_FALSE(mismatch(std::make_shared<DecidesByIndex>(), patterned()));
  EXPECT_TRUE(mismatch(std::make_shared<Gated>(), patterned()));
  EXPECT_FALSE(mismatch(std::make_shared<Gated>(), patterned(), std::make_shared<BlindJpeg>()));
}

/// Remembers the last of the draws that gradients were taken of.
class Listening : public NoisyGate {
 public:
  Output forward(const at::Tensor& images, const Pass& pass) override {
    if (at::GradMode::is_enabled()) last_draw = std::max(last_draw, pass.noise.draw);
    return NoisyGate::forward(images, pass);
  }
  uint32_t last_draw = 0;
};

// One that follows a single draw could lose to an attack that averages over several by its noise alone.
TEST(Challengers, AverageOverAsManyDrawsAsTheStrongestAttack) {
  const auto model = std::make_shared<Listening>(), other = std::make_shared<Listening>();
  SweepPlan plan;
  plan.models = {model, other};
  plan.names = {"model", "other"};
  plan.runs = plan_runs({make_attack("eot-pgd:steps=2,draws=5")}, {nullptr}, {Access{}}, false);
  plan.epsilons = {0.02};
  plan.data = patterned().first(32);
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  const Claim claim(plan, result.tallies[0], 0, {0});
  EXPECT_EQ(claim.challenger("pgd:steps=20")->draws(), 5);
  EXPECT_EQ(claim.challenger("noise:best_of=100")->draws(), 5);
  EXPECT_EQ(claim.challenger("square")->draws(), 1) << "which takes none";
  using Made = std::optional<Finding> (*)(const Claim&);
  for (const Made check : {checks::one_step, checks::iterated, checks::gate_aware, checks::transfer}) {
    model->last_draw = other->last_draw = 0;
    const std::optional<Finding> finding = check(claim);
    ASSERT_TRUE(finding);
    EXPECT_EQ(std::max(model->last_draw, other->last_draw), 4) << finding->check;
  }
  model->last_draw = 0;
  EXPECT_TRUE(checks::longer(claim));
  EXPECT_EQ(model->last_draw, 9) << "of twice as many";
}

}  // namespace
}  // namespace aigis
