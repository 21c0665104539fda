// Perturbations of low frequencies.
#include "attacks/parts/band.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <numbers>

#include "lib/data/dataset.h"
#include "lib/eval/norm.h"
#include "lib/eval/verdict.h"
#include "tests/attacks.h"
#include "tests/networks.h"

namespace aigis {
namespace {

TEST(Bands, KeepLowFrequenciesOnly) {
  const int64_t side = 8;
  const auto wave = [&](int64_t frequency) {
    const at::Tensor place = at::arange(side, at::TensorOptions(at::kDouble)) + 0.5;
    return (place * (std::numbers::pi * static_cast<double>(frequency) / static_cast<double>(side)))
        .cos()
        .expand({2, 3, side, side});
  };
  for (int64_t frequency = 0; frequency < side; ++frequency) {
    const at::Tensor kept = low_pass(wave(frequency), {0.5});
    const at::Tensor expected = frequency < 4 ? wave(frequency) : at::zeros_like(wave(0));
    EXPECT_TRUE(at::allclose(kept, expected, 0, 1e-12)) << frequency;
    EXPECT_TRUE(at::allclose(low_pass(wave(frequency).transpose(2, 3), {0.5}), expected.transpose(2, 3), 0, 1e-12));
  }
  EXPECT_TRUE(at::allclose(low_pass(wave(0), {0}), wave(0), 0, 1e-12)) << "the mean always stays";
}

/// Away from the box's faces a banded perturbation has nothing outside of the band, in each norm, and stays in the
/// ball, most of which it uses.
TEST(Bands, HoldPerturbations) {
  const auto net = build_frozen("aig-8:gates=argmax");
  Batch batch{random_images(2, 3) * 0.2 + 0.4, {}, ids_of(2)};
  batch.labels = net->forward(batch.images, {}).logits.argmax(1);
  for (const Norm norm : all_norms()) {
    const double epsilon = norm == Norm::linf ? 0.03 : norm == Norm::l2 ? 0.5 : 10;
    for (const auto& [text, share] : {std::pair{"pgd:steps=5,start=clean,stop=false", 0.9},
                                      {"pgd:steps=1,step_size=1e-6,start=sign,stop=false", 0.9},
                                      {"apgd-ce:steps=5,stop=false", 0.9},
                                      {"gate-aware-apgd:steps=5", 0.5},
                                      {"square:queries=20,stop=false", 0.9},
                                      {"gate-reroute:steps=5,tolerance=1", 0.5}}) {
      Victim victim(*net, 0);
      const auto attack = make_attack(std::string(text) + ",band=0.25");
      const at::Tensor x = attack->propose(victim, batch, norm, {epsilon})[0], delta = x - batch.images;
      EXPECT_LE((delta - low_pass(delta, {0.25})).abs().max().item<double>(), 1e-12) << text << norm_name(norm);
      EXPECT_GT(sizes_of(delta, norm).min().item<double>(), share * epsilon) << text << norm_name(norm);
      EXPECT_EQ(admit(batch.images, x, norm, epsilon).over_budget, 0) << text << norm_name(norm);
    }
  }
}

}  // namespace
}  // namespace aigis
