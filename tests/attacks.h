// Attacks by the text that a user would type, and what to try them on: a small smooth network, and batches.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "attacks/list.h"
#include "lib/core/model.h"
#include "lib/eval/attack.h"
#include "tests/toy_model.h"

namespace aigis {

inline std::shared_ptr<Attack> make_attack(const std::string& text) {
  const Spec spec = Spec::parse(text);
  return find_entry(attack_list(), "attack", spec.name).make(spec);
}

/// Of the list: what tests of every attack are instantiated with, and called.
inline std::vector<std::string> attack_names() {
  std::vector<std::string> names;
  for (const auto& entry : attack_list()) names.push_back(entry.name);
  return names;
}
inline std::string test_name(const ::testing::TestParamInfo<std::string>& attack) {
  std::string name = attack.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// Whether an option matters where all others are as they are by default.
inline bool matters_by_default(const Json& option, const Json& options) {
  const std::string condition = option["only_with"];
  return condition.empty() || std::any_of(options.begin(), options.end(), [&](const Json& other) {
           return condition == other["name"].get<std::string>() + "=" + text_of(other["default"]);
         });
}

/// An attack of the list with at most so many of whatever it does many times.
inline std::string shortened(const std::string& name, int64_t most) {
  std::string text = name;
  const Json options = find_entry(attack_list(), "attack", name).options();
  for (const auto& option : options) {
    for (const char* many : {"steps", "neighbours", "samples", "draws", "scales", "queries", "searches", "pairs"}) {
      if (option["name"].get<std::string>() != many || option["default"] <= most) continue;
      if (!matters_by_default(option, options)) continue;
      text += fmt::format("{}{}={}", text == name ? ":" : ",", many, most);
    }
  }
  return text;
}

/// The attack that has learnt what it needs from such images, or itself.
inline std::shared_ptr<const Attack> taught(std::shared_ptr<const Attack> attack, Victim& victim, const Batch& training,
                                            Norm norm, at::ArrayRef<double> epsilons) {
  return attack->learns_from() == 0 ? attack : attack->learnt(victim, training, norm, epsilons);
}

/// From the standard normal distribution, in float64.
inline at::Tensor drawn(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kDouble));
}

/// From U(0, 1), in float64.
inline at::Tensor drawn_uniformly(at::IntArrayRef shape, uint64_t seed) {
  return at::rand(shape, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kDouble));
}

/// Images with the classes that the model takes them for.
inline Batch labelled(Model& model, const at::Tensor& images) {
  const at::Tensor ids = at::arange(images.size(0), at::TensorOptions(at::kLong));
  return {images, model.forward(images, {{}, ids}).logits.argmax(1), ids};
}

/// Images of one value, in float64 and of class 0.
inline Batch grey_batch(int64_t count, double value, at::IntArrayRef shape = {3, 4, 4}) {
  std::vector<int64_t> size{count};
  size.insert(size.end(), shape.begin(), shape.end());
  return {at::full(size, value, at::TensorOptions(at::kDouble)), at::zeros({count}, at::TensorOptions(at::kLong)),
          at::arange(count, at::TensorOptions(at::kLong)) + 7};
}

/// conv 3x3, tanh, conv 3x3, tanh, linear: twice differentiable, so that rounding cannot turn a gradient over.
class SmoothNet : public ToyModel {
 public:
  SmoothNet(at::Tensor conv1, at::Tensor conv2, at::Tensor linear, std::vector<int64_t> input)
      : ToyModel("smooth", linear.size(0), std::move(input)), conv1_(std::move(conv1)), conv2_(std::move(conv2)),
        linear_(std::move(linear)) {}
  Output forward(const at::Tensor& images, const Pass&) override {
    const at::Tensor hidden = at::conv2d(at::conv2d(images, conv1_, {}, 1, 1).tanh(), conv2_, {}, 1, 1).tanh();
    return {at::linear(hidden.flatten(1), linear_), {}};
  }

 private:
  at::Tensor conv1_, conv2_, linear_;
};

}  // namespace aigis
