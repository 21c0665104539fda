// Checks of gates on a trained network: what soft gates change, and where gates cannot be soft.
#include <gtest/gtest.h>

#include "checks/checks.h"
#include "models/checkpoint.h"
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

}  // namespace
}  // namespace aigis
