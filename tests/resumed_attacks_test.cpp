// A sweep of any attack that ended early goes on where it was, and ends with what it would have found in one go.
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "lib/eval/sweep.h"
#include "tests/attacks.h"
#include "tests/networks.h"
#include "tests/scratch.h"
#include "tests/tallies.h"

namespace aigis {
namespace {

constexpr int64_t kImages = 3, kBatch = 2;

/// In float32, as a sweep's images are, with gates that depend on the image.
std::shared_ptr<Network> gated(const std::string& spec) {
  std::shared_ptr<Network> net = build(spec);
  disturb(*net);
  net->move_to(at::kCPU, at::kFloat);
  net->freeze();
  return net;
}

Dataset pictures(int64_t count, uint64_t seed) {
  Dataset data;
  data.name = "pictures";
  data.classes = std::vector<std::string>(10, "class");
  data.ids = at::arange(count, at::TensorOptions(at::kLong));
  data.labels = data.ids.remainder(10);
  data.images = (random_images(count, seed) * 255).round().to(at::kByte);
  return data;
}

class ResumedAttack : public testing::TestWithParam<std::string> {
 protected:
  ResumedAttack() {
    // Images leave where gates are deterministic, and draws are made where they are not.
    plan_.models = {gated("aig-8:gates=argmax"), gated("aig-8:gates=sampled")};
    plan_.runs = plan_runs({make_attack(shortened(GetParam(), 2))}, {nullptr}, {Access{}}, false);
    plan_.epsilons = {2.0 / 255, 16.0 / 255};
    plan_.data = pictures(kImages, 1);
    const Batch all = take(plan_.data, 0, kImages);
    plan_.data.labels = plan_.models[0]->forward(all.images, {{}, all.ids}).logits.argmax(1);
    plan_.training = pictures(10, 2);
    plan_.batch = kBatch;
    plan_.nested = true;
    plan_.examples = kImages;
    plan_.title = "";
    remove_journal(path_);
  }
  ~ResumedAttack() override { remove_journal(path_); }

  SweepResult run(const SweepPlan& plan) const {
    Journal journal(path_, Json::object());
    return run_sweep(plan, journal);
  }

  const std::string path_ = scratch("resumed_" + GetParam() + ".journal");
  SweepPlan plan_;
};

TEST_P(ResumedAttack, EndsAsIfItHadNotBeenCutOff) {
  Journal none;
  const SweepResult unbroken = run_sweep(plan_, none);
  SweepPlan first_batch = plan_;
  first_batch.data = plan_.data.first(kBatch);
  run(first_batch);
  ASSERT_EQ(Journal(path_, Json::object()).size(), plan_.models.size());
  const SweepResult resumed = run(plan_);
  EXPECT_EQ(Journal(path_, Json::object()).size(), 2 * plan_.models.size()) << "the first batch was done again";
  for (size_t m = 0; m < plan_.models.size(); ++m) {
    EXPECT_EQ(without_seconds(resumed.tallies[m][0]), without_seconds(unbroken.tallies[m][0])) << m;
  }
  ASSERT_EQ(resumed.examples.size(), unbroken.examples.size());
  for (size_t i = 0; i < unbroken.examples.size(); ++i) {
    EXPECT_TRUE(at::equal(resumed.examples[i].images, unbroken.examples[i].images)) << i;
    EXPECT_TRUE(at::equal(resumed.examples[i].hits, unbroken.examples[i].hits)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Attacks, ResumedAttack, ::testing::ValuesIn(attack_names()), test_name);

}  // namespace
}  // namespace aigis
