// What is taken away from a model: its gates, or the noise that they draw.
#include "lib/eval/ablation.h"

#include <gtest/gtest.h>

#include "lib/ops/gumbel.h"
#include "tests/networks.h"
#include "tests/one_gate.h"

namespace aigis {
namespace {

TEST(AllOpen, RunsEveryLayer) {
  AllOpen open(std::make_shared<OneGate>(true));
  EXPECT_TRUE(open.card().has_blind_gates);
  const Batch batch = take(bright(), 0, kImages);
  EXPECT_EQ(open.forward(batch.images * 0, {{}, batch.ids}).gates.open.sum().item<double>(), kImages);
}

TEST(FixedNoise, IsTheSameInAllPasses) {
  const auto sampled = std::shared_ptr<Network>(build_frozen("aig-8:gates=sampled"));
  FixedNoise fixed(sampled, 0), other(sampled, 1);
  const at::Tensor images = random_images(8);
  const auto open = [&](Model& model, uint64_t seed) { return model.forward(images, pass_of(8, seed)).gates.open; };
  EXPECT_TRUE(open(fixed, 1).equal(open(fixed, 2)));
  EXPECT_FALSE(open(*sampled, 1).equal(open(*sampled, 2)));
  EXPECT_FALSE(open(fixed, 1).equal(open(other, 1))) << "but for another seed";
  EXPECT_FALSE(fixed.card().has_random_gates);
  Pass drawn = pass_of(8, 2);
  drawn.drawn = gate_noise(drawn.noise, drawn.image_ids, 3);
  EXPECT_TRUE(fixed.forward(images, drawn).gates.open.equal(open(fixed, 1))) << "noise that was drawn is fresh, too";
  const at::Tensor alone = fixed.forward(images.slice(0, 3, 4), {{}, ids_of(8).slice(0, 3, 4)}).gates.open;
  EXPECT_TRUE(alone.equal(open(fixed, 1).slice(0, 3, 4))) << "an image's noise does not hang on its batch";
}

}  // namespace
}  // namespace aigis
