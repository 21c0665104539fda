// The same images as torchattacks, foolbox, ART and pyautoattack make, on a small smooth network in float64: see
// tests/golden/make_attack_golden.py, which also says how their random numbers were replaced by ours.
#include <ATen/ops/arange.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lib/core/text.h"
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

class Peers : public ::testing::TestWithParam<std::string> {};

TEST_P(Peers, MakeTheSameImages) {
  const auto& given = golden().tensors;
  const auto parts = split(GetParam(), '|');
  const at::Tensor images = given.at("images");
  SmoothNet net(given.at("conv1"), given.at("conv2"), given.at("linear"), images.sizes().slice(1).vec());
  const Batch batch{images, given.at("labels"), at::arange(images.size(0), at::TensorOptions(at::kLong)) + 40};
  Victim victim(net, 5, parts.size() > 3 ? Judge::this_model : Judge::another);
  const auto attack = make_attack(parts[0]);
  attack->check(net.card());
  const double epsilon = parse_number(parts[2], "epsilon");
  const at::Tensor made = attack->propose(victim, batch, parse_norm(parts[1]), {epsilon})[0];
  const at::Tensor theirs = given.at(GetParam());
  EXPECT_LE((made - theirs).abs().max().item<double>(), 1e-5) << (made - theirs).abs().amax({1, 2, 3});
  EXPECT_GT((theirs - images).abs().max().item<double>(), 0.2 * epsilon / (parts[1] == "linf" ? 1 : 20));
}

INSTANTIATE_TEST_SUITE_P(Golden, Peers, ::testing::ValuesIn(names()), [](const auto& p) {
  std::string name;
  for (const char c : p.param) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

}  // namespace
}  // namespace aigis
