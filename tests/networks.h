// Networks with fresh weights, for tests.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/rand.h>

#include <memory>
#include <string>

#include "models/list.h"

namespace aigis {

/// 10 classes; images of 32x32 pixels, or of `side` by `side`.
inline std::unique_ptr<Network> build(const std::string& spec, uint64_t seed = 3, int64_t side = 32) {
  return make_network(Spec::parse(spec), {"", 0, 10, {3, side, side}, seed});
}

/// Random images in float64, the same for the same seed.
inline at::Tensor random_images(int64_t count, uint64_t seed = 1, int64_t side = 32) {
  auto generator = at::detail::createCPUGenerator(seed);
  const at::TensorOptions options(at::kDouble);
  return (at::rand({count, 3, 1, 1}, generator, options) + at::rand({count, 3, side, side}, generator, options)) / 2;
}

/// BatchNorm statistics and gates that are not those of a fresh network, whose gates are all open. In float64.
inline void disturb(Network& network) {
  auto generator = at::detail::createCPUGenerator(7);
  for (const auto& [name, tensor] : network.named_statistics()) {
    if (name.ends_with("running_mean")) tensor.copy_(at::rand(tensor.sizes(), generator) - 0.5);
    if (name.ends_with("running_var")) tensor.copy_(at::rand(tensor.sizes(), generator) + 0.5);
  }
  for (const auto& [name, tensor] : network.named_weights()) {
    if (name.ends_with("gate.fc2.weight")) tensor.detach().mul_(2000);
    if (name.ends_with("gate.fc2.bias")) tensor.detach().zero_();
  }
  network.move_to(at::kCPU, at::kDouble);
}

/// `disturb`ed and frozen.
inline std::unique_ptr<Network> build_frozen(const std::string& spec, const std::vector<double>& rates = {}) {
  auto network = build(spec);
  disturb(*network);
  if (!rates.empty()) network->set_execution_rates(rates);
  network->freeze();
  return network;
}

/// Then a network runs its images in groups whose size does not depend on the machine.
struct OneThread {
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before); }
  const int before = at::get_num_threads();
};

/// Image numbers that do not start at 0.
inline at::Tensor ids_of(int64_t count) { return at::arange(count, at::TensorOptions(at::kLong)) + 50; }

inline Pass pass_of(int64_t count, uint64_t seed = 4) { return {{seed, Purpose::verdict_gates}, ids_of(count)}; }

inline Pass with_graph(int64_t count, const at::Tensor& graph) {
  Pass pass = pass_of(count, 99);  // noise that would decide otherwise
  pass.graph = graph;
  return pass;
}

}  // namespace aigis
