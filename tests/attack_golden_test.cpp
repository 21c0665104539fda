// The same images as torchattacks, foolbox, ART and pyautoattack make, on a small smooth network in float64: see
// tests/golden/make_attack_golden.py, which also says how their random numbers were replaced by ours.
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "attacks/parts/random.h"
#include "lib/core/text.h"
#include "lib/ops/gumbel.h"
#include "lib/ops/safetensors.h"
#include "tests/attacks.h"

namespace aigis {
namespace {

const Safetensors& golden() {
  static const Safetensors content =
      read_safetensors(std::string(AIGIS_SOURCE_DIR) + "/tests/golden/attacks.safetensors");
  return content;
}

std::vector<std::string> names() {
  std::vector<std::string> list;
  for (const auto& [name, tensor] : golden().tensors) {
    if (name.find('|') != std::string::npos) list.push_back(name);
  }
  return list;
}

SmoothNet network() {
  const auto& given = golden().tensors;
  return {given.at("conv1"), given.at("conv2"), given.at("linear"), given.at("images").sizes().slice(1).vec()};
}

Batch batch(const std::string& prefix = "") {
  const at::Tensor images = golden().tensors.at(prefix + "images");
  return {images, golden().tensors.at(prefix + "labels"),
          at::arange(images.size(0), at::TensorOptions(at::kLong)) + 40};
}

/// Behind noise on its input, which every pass draws afresh.
class NoisyNet : public SmoothNet {
 public:
  NoisyNet() : SmoothNet(network()) { card_.has_random_gates = true; }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    const at::Tensor noise = uniform_noise(images, pass.image_ids, pass.noise, Use::start);
    return SmoothNet::forward(images + 0.05 * noise, pass);
  }
};

/// The same weights in two residual layers whose gates draw. A gate reads its input's means.
class GatedNet : public SmoothNet {
 public:
  GatedNet() : SmoothNet(network()) {
    card_.gated = {{"a", 100, 1}, {"b", 100, 1}};
    card_.gate_mode = "sampled";
    card_.has_random_gates = true;
  }
  Output forward(const at::Tensor& images, const Pass& pass) override {
    const auto& given = golden().tensors;
    const at::Tensor noise = gate_noise(pass.noise, pass.image_ids, 2);
    std::vector<at::Tensor> open, logits;
    at::Tensor hidden = at::conv2d(images, given.at("conv1"), {}, 1, 1).tanh();
    for (int64_t layer = 0; layer < 2; ++layer) {
      logits.push_back(at::linear(hidden.mean({2, 3}), given.at("gate")[layer]));
      open.push_back(decide_gate(logits.back(), noise.select(1, layer), pass.gate_gradient));
      const at::Tensor branch = at::conv2d(hidden, given.at("conv2"), {}, 1, 1).tanh();
      hidden = hidden + per_image(open.back(), hidden) * branch;
    }
    Output output;
    output.logits = at::linear(hidden.flatten(1), given.at("linear"));
    output.gates.open = at::stack(open, 1);
    output.gates.logits = at::stack(logits, 1);
    output.gates.probability = output.gates.logits.sigmoid();
    output.gates.cost = at::full({2}, 100, at::TensorOptions(at::kDouble));
    return output;
  }
};

std::unique_ptr<Model> network_of(const std::string& kind) {
  if (kind == "random") return std::make_unique<NoisyNet>();
  if (kind == "gated") return std::make_unique<GatedNet>();
  return std::make_unique<SmoothNet>(network());
}

/// `kind`: the last part of a golden image's name, where it has one.
at::Tensor made_by(const std::string& text, const std::string& norm, double epsilon, const std::string& kind = "") {
  const std::unique_ptr<Model> net = network_of(kind);
  Victim victim(*net, 5, kind == "final" ? Judge::this_model : Judge::another);
  const auto attack = make_attack(text);
  attack->check(net->card());
  Batch asked = batch();
  if (kind == "right") asked.labels = net->forward(asked.images, {}).logits.argmax(1);
  return attack->propose(victim, asked, parse_norm(norm), {epsilon})[0];
}

double farthest(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

class Peers : public ::testing::TestWithParam<std::string> {};

TEST_P(Peers, MakeTheSameImages) {
  const auto parts = split(GetParam(), '|');
  const double epsilon = parse_number(parts[2], "epsilon");
  const at::Tensor made = made_by(parts[0], parts[1], epsilon, parts.size() > 3 ? parts[3] : "");
  const at::Tensor theirs = golden().tensors.at(GetParam());
  EXPECT_LE(farthest(made, theirs), 1e-5) << (made - theirs).abs().amax({1, 2, 3});
  EXPECT_GT(farthest(theirs, batch().images), 0.2 * epsilon / (parts[1] == "linf" ? 1 : 20));
}

INSTANTIATE_TEST_SUITE_P(Golden, Peers, ::testing::ValuesIn(names()), [](const auto& p) {
  std::string name;
  for (const char c : p.param) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

// Its random numbers are its own, so of the images those are told apart that stand in all of its authors' seeds, or in
// none.
TEST(AutoAttackAsAWhole, BreaksTheImagesThatItsAuthorsCodeBreaks) {
  constexpr int64_t kSeeds = 5;
  const Batch images = batch("standard ");
  int64_t norms = 0;
  for (const auto& [name, stood] : golden().tensors) {
    if (!name.starts_with("autoattack:")) continue;
    const auto parts = split(name, ' ');
    SmoothNet net = network();
    Victim victim(net, 5, Judge::this_model);
    const double epsilon = parse_number(parts[2], "epsilon");
    const at::Tensor x = make_attack(parts[0])->propose(victim, images, parse_norm(parts[1]), {epsilon})[0];
    const at::Tensor stands = net.forward(x, {}).logits.argmax(1).eq(images.labels);
    const at::Tensor always = stood.eq(kSeeds), never = stood.eq(0);
    EXPECT_TRUE(stands.masked_select(always).all().item<bool>()) << name << stood << stands;
    EXPECT_FALSE(stands.masked_select(never).any().item<bool>()) << name << stood << stands;
    EXPECT_GE(always.sum().item<int64_t>(), 10) << name;
    EXPECT_GE(never.sum().item<int64_t>(), 10) << name;
    const auto stages = victim.audit().stages;
    ASSERT_EQ(stages.size(), 4U);
    EXPECT_GT(stages[1].broken + stages[2].broken, 0) << name << ": a smaller budget would say more";
    ++norms;
  }
  EXPECT_EQ(norms, 3);
}

constexpr double kEpsilon = 8.0 / 255;

at::Tensor gradient_at(const at::Tensor& images) {
  const at::Tensor leaf = images.clone().set_requires_grad(true);
  const at::Tensor log_probability = network().forward(leaf, {}).logits.log_softmax(1);
  (-log_probability.gather(1, batch().labels.unsqueeze(1))).sum().backward();
  return leaf.grad();
}

// So that the goldens tell the mean from a gradient of one draw.
TEST(RandomGates, MakeOtherImagesByOneDraw) {
  const std::string attack = "eot-pgd:preset=torchattacks,steps=1", kind = "gated";
  const at::Tensor theirs = golden().tensors.at(fmt::format("{}|linf|{}|{}", attack, kEpsilon, kind));
  EXPECT_GT(farthest(made_by(attack + ",draws=1", "linf", kEpsilon, kind), theirs), 0.1 * kEpsilon);
}

TEST(OtherAttacks, FoolboxAccumulatesSigns) {
  const at::Tensor clean = batch().images, theirs = golden().tensors.at("foolbox mi-fgsm linf");
  at::Tensor x = clean, signs = at::zeros_like(clean);
  for (int step = 0; step < 10; ++step) {
    signs = signs + gradient_at(x).sign();
    x = within(clean, x + signs.sign() * (0.2 * kEpsilon), Norm::linf, kEpsilon);
  }
  EXPECT_LE(farthest(x, theirs), 1e-9);
  EXPECT_GT(farthest(made_by("mi-fgsm:relative_step_size=0.2", "linf", kEpsilon), theirs), 0.1 * kEpsilon);
}

TEST(OtherAttacks, TorchattacksIteratesRFgsm) {
  const at::Tensor theirs = golden().tensors.at(fmt::format("r-fgsm:preset=torchattacks|linf|{}", kEpsilon));
  EXPECT_GT(farthest(made_by("r-fgsm:preset=torchattacks,steps=1", "linf", kEpsilon), theirs), 0.1 * kEpsilon);
}

// By the gradient at the clean image, which is all that FGSM knows.
TEST(OtherAttacks, OfOneStepRiseLessInL1) {
  const at::Tensor clean = batch().images, gradient = gradient_at(clean);
  const auto rise = [&](const at::Tensor& x) { return ((x - clean) * gradient).flatten(1).sum(1); };
  const at::Tensor ours = rise(made_by("fgsm", "l1", 3.0));
  for (const char* name : {"foolbox fgsm l1", "art fgsm l1"}) {
    const at::Tensor theirs = golden().tensors.at(name);
    EXPECT_LE(sizes_of(theirs - clean, Norm::l1).max().item<double>(), 3.0 + 1e-9) << name;
    EXPECT_TRUE(rise(theirs).lt(0.9 * ours).all().item<bool>()) << name << ours << rise(theirs);
  }
}

}  // namespace
}  // namespace aigis
