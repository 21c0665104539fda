// Gate-aware attacks: each way that gradients can pass gates breaks an image that no other does.
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "lib/ops/gumbel.h"
#include "tests/attacks.h"
#include "tests/toy_model.h"

namespace aigis {
namespace {

constexpr double kEpsilon = 0.06;
constexpr int64_t kSide = 16;  // so that random starts hardly move a channel's mean

/// A network of two gates that each read one channel's mean, and the grey image that one way alone breaks.
struct Case {
  const char* stage;    ///< of the report
  const char* options;  ///< of pgd, for this way
  double level;         ///< the image's grey
  double steepness;     ///< D = steepness (mean - 0.5)
  /// The logit of class 1, beside 0 for class 0; `rise` is by how much both means together are above the image's.
  at::Tensor (*score)(const at::Tensor& a, const at::Tensor& b, const at::Tensor& rise);
};

/// Brings nothing, and rises where the gate is shut and where it is open, but not between.
at::Tensor wave(const at::Tensor& gate) { return gate * (1 - gate) * (1 - gate * 2); }
/// Brings something, and falls where the gate is more shut than open.
at::Tensor dip(const at::Tensor& gate) { return gate * (gate - 0.8); }

const std::array<Case, 6> kCases{{
    // One gate alone brings less than nothing, soft ones are past the wave's first slope, and both together win.
    {"straight-through", "gates=straight-through", 0.45, 4,
     [](const at::Tensor& a, const at::Tensor& b, const at::Tensor&) {
       return wave(a) + wave(b) - (a + b) * 0.5 + a * b * 1.2 - 0.1;
     }},
    // Gates that are out of reach pull one way, and the features that would do the other.
    {"fixed-graph", "gates=fixed-graph", 0.25, 4,
     [](const at::Tensor& a, const at::Tensor& b, const at::Tensor& rise) { return (a + b) * 10 - rise - 0.05; }},
    // Class 1 needs both gates, which no hard gate says of one alone, and features pull away from them: by more than
    // soft gates do at other temperatures.
    {"relaxed, temperature 0.3", "gates=relaxed,temperature=0.3", 0.45, 4,
     [](const at::Tensor& a, const at::Tensor& b, const at::Tensor& rise) { return a * b - rise * 0.72 - 0.5; }},
    {"relaxed, temperature 1", "gates=relaxed,temperature=1", 0.45, 15,
     [](const at::Tensor& a, const at::Tensor& b, const at::Tensor& rise) { return a * b - rise * 0.75 - 0.5; }},
    {"relaxed, temperature 3", "gates=relaxed,temperature=3", 0.45, 80,
     [](const at::Tensor& a, const at::Tensor& b, const at::Tensor& rise) { return a * b - rise * 0.16 - 0.5; }},
    // What a gate brings lies behind the dip that its slope leads out of.
    {"expectation", "gates=expectation", 0.45, 40,
     [](const at::Tensor& a, const at::Tensor& b, const at::Tensor&) { return dip(a) + dip(b) - 0.1; }},
}};

/// Answers each image by the network of its case, whose number is the image's id.
class SixNetworks : public ToyModel {
 public:
  SixNetworks() : ToyModel("six-networks", 2, {3, kSide, kSide}, {{"a", 1, 1}, {"b", 1, 1}}) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    const at::Tensor means = images.mean({2, 3}).slice(1, 0, 2);
    const auto case_of = [&](int64_t row) -> const Case& {
      return kCases[static_cast<size_t>(pass.image_ids[row].item<int64_t>())];
    };
    std::vector<at::Tensor> deltas, scores;
    for (int64_t i = 0; i < images.size(0); ++i) deltas.push_back((means[i] - 0.5) * case_of(i).steepness);
    Output output;
    output.gates.logits = at::stack(deltas);
    output.gates.open =
        pass.graph.defined() ? pass.graph : decide_gate(output.gates.logits, {}, pass.gate_gradient, pass.temperature);
    output.gates.probability = output.gates.logits.sigmoid();
    output.gates.cost = at::tensor({1.0, 1.0}, at::kDouble);
    for (int64_t i = 0; i < images.size(0); ++i) {
      const Case& one = case_of(i);
      const at::Tensor open = output.gates.open[i], rise = means[i].sum() - 2 * one.level;
      scores.push_back(one.score(open[0], open[1], rise));
    }
    const at::Tensor score = at::stack(scores);
    output.logits = at::stack({at::zeros_like(score), score}, 1);
    return output;
  }
};

/// The image of each case, which its network takes for class 0.
Batch all_cases() {
  const at::TensorOptions numbers(at::kLong), pixels(at::kDouble);
  std::vector<at::Tensor> images;
  for (const Case& one : kCases) images.push_back(at::full({3, kSide, kSide}, one.level, pixels));
  const auto count = static_cast<int64_t>(kCases.size());
  return {at::stack(images), at::zeros({count}, numbers), at::arange(count, numbers)};
}

/// The images that an attack breaks, by a 1 each.
std::vector<int64_t> broken(Victim& victim, SixNetworks& model, const std::string& attack) {
  const Batch batch = all_cases();
  const at::Tensor x = make_attack(attack)->propose(victim, batch, Norm::linf, {kEpsilon})[0];
  const at::Tensor answers = model.forward(x, {{}, batch.ids}).logits.argmax(1);
  return {answers.const_data_ptr<int64_t>(), answers.const_data_ptr<int64_t>() + answers.numel()};
}

TEST(GateAware, NoWayBreaksTheImageOfAnother) {
  SixNetworks model;
  for (size_t i = 0; i < kCases.size(); ++i) {
    Victim victim(model, 0);
    std::vector<int64_t> its_own(kCases.size(), 0);
    its_own[i] = 1;
    EXPECT_EQ(broken(victim, model, std::string("pgd:steps=40,relative_step_size=0.1,") + kCases[i].options), its_own)
        << kCases[i].stage;
  }
}

TEST(GateAware, HandsOutTheWorstOfAllWaysForEachImage) {
  SixNetworks model;
  std::vector<Stage> stages;
  for (const Case& one : kCases) stages.push_back({one.stage, static_cast<int64_t>(kCases.size() - stages.size()), 1});
  for (const char* attack : {"gate-aware-pgd", "gate-aware-apgd:steps=20"}) {
    Victim victim(model, 0);
    EXPECT_EQ(broken(victim, model, attack), std::vector<int64_t>(kCases.size(), 1)) << attack;
    EXPECT_EQ(victim.audit().stages, stages) << attack << ": each way is tried on what is left and breaks its own";
  }
}

TEST(GateAware, StartsWhereItIsTold) {
  SixNetworks model;
  const Batch batch = all_cases();
  const auto farthest = [&](const std::string& options) {
    Victim victim(model, 0);
    const auto attack = make_attack("gate-aware-pgd:steps=1,relative_step_size=0.1" + options);
    return (attack->propose(victim, batch, Norm::linf, {kEpsilon})[0] - batch.images).abs().max().item<double>();
  };
  EXPECT_NEAR(farthest(",start=clean"), 0.1 * kEpsilon, 1e-12);
  EXPECT_GT(farthest(""), 0.9 * kEpsilon) << "uniform in the ball";
}

}  // namespace
}  // namespace aigis
