// What becomes of times once they were taken, and which images they are of; how long a network took is no test's
// business.
#include "lib/eval/latency.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/networks.h"
#include "tests/one_gate.h"

namespace aigis {
namespace {

/// Takes its time over bright images.
class SlowIfBright : public OneGate {
 public:
  SlowIfBright() : OneGate(false) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    if (images.mean().item<double>() > 0.5) std::this_thread::sleep_for(std::chrono::milliseconds(40));
    return OneGate::forward(images, pass);
  }
};

TEST(Latency, IsTheMedianOverBatches) {
  Latency latency{{0.001, 0.002, 0.004}, {0.002, 0.002, 0.012}};
  latency.merge({{0.001, 0.001, 0.001}, {0.004, 0.005, 0.006}});
  const Json json = latency.to_json();
  EXPECT_DOUBLE_EQ(json["clean_ms"], 1.0);
  EXPECT_DOUBLE_EQ(json["adversarial_ms"], 4.5);
  EXPECT_DOUBLE_EQ(json["ratio"]["value"], 3.5);  // of 2, 1, 3, 4, 5, 6
  EXPECT_DOUBLE_EQ(json["ratio"]["ci95"][0], 1.0);
  EXPECT_DOUBLE_EQ(json["ratio"]["ci95"][1], 6.0);
  EXPECT_EQ(json["batches"], 6);
  EXPECT_TRUE((Latency{{0.001, 0.002}, {0.002, 0.002}}.to_json()["ratio"]["ci95"].is_null()));
  EXPECT_TRUE(Latency{}.to_json().is_null());
}

TEST(Latency, IsTakenOfGatedModelsOnly) {
  const at::Tensor images = random_images(4);
  const Batch batch{images, at::zeros({4}, at::TensorOptions(at::kLong)), ids_of(4)};
  const Latency of_gated = measure_latency(*build_frozen("aig-8:execution=skip"), batch, images, 0);
  EXPECT_EQ(of_gated.clean.size(), 1U);
  EXPECT_EQ(of_gated.adversarial.size(), 1U);
  for (const double seconds : of_gated.clean) EXPECT_GT(seconds, 0);
  EXPECT_TRUE(measure_latency(*build_frozen("resnet-8"), batch, images, 0).to_json().is_null());
}

/// A pass that waits 40 ms beside one that does next to nothing: no machine is busy enough to turn that round.
TEST(Latency, TellsCleanImagesFromAdversarialOnes) {
  SlowIfBright model;
  const Batch bright_ones = take(bright(), 0, kImages);
  Batch dark_ones = bright_ones;
  dark_ones.images = bright_ones.images * 0.1;
  const Json slower = measure_latency(model, dark_ones, bright_ones.images, 0).to_json();
  EXPECT_GT(slower["ratio"]["value"], 3);
  EXPECT_GE(slower["adversarial_ms"], 40.0 / kImages);
  EXPECT_LT(slower["clean_ms"], slower["adversarial_ms"]);
  const Json faster = measure_latency(model, bright_ones, dark_ones.images, 0).to_json();
  EXPECT_LT(faster["ratio"]["value"], 1.0 / 3);
  EXPECT_GE(faster["clean_ms"], 40.0 / kImages);
}

}  // namespace
}  // namespace aigis
