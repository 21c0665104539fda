#include "models/parts/weights.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <cmath>
#include <numbers>

namespace aigis {
namespace {

/// A name's place in the random stream: FNV-1a, fixed for ever, unlike std::hash.
uint64_t name_key(const std::string& name) {
  uint64_t hash = 1469598103934665603ull;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

}  // namespace

at::Tensor Weights::draw(const std::string& name, at::IntArrayRef shape,
                         const std::function<float(double, double)>& value_of) const {
  at::Tensor tensor = at::empty(shape, at::TensorOptions(at::kFloat));
  if (!is_drawn_) return tensor;
  const PhiloxKey key = Stream{seed_, Purpose::weights}.key();
  const uint64_t place = name_key(name);
  float* out = tensor.mutable_data_ptr<float>();
  at::parallel_for(0, tensor.numel(), 4096, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto words = draw_block(key, place, 0, static_cast<uint32_t>(i));
      out[i] = value_of(open_uniform(words[0]), open_uniform(words[1]));
    }
  });
  return tensor;
}

at::Tensor Weights::normal(const std::string& name, at::IntArrayRef shape, double deviation) {
  return add(name, draw(name, shape, [=](double u, double v) {
               // Box-Muller
               return static_cast<float>(deviation * std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v));
             }));
}

at::Tensor Weights::uniform(const std::string& name, at::IntArrayRef shape, double bound) {
  return add(name, draw(name, shape, [=](double u, double) { return static_cast<float>(bound * (2 * u - 1)); }));
}

at::Tensor Weights::constant(const std::string& name, at::IntArrayRef shape, double value) {
  return add(name, at::full(shape, value, at::TensorOptions(at::kFloat)));
}

at::Tensor Weights::statistic(const std::string& name, at::IntArrayRef shape, double value) {
  statistics_.emplace_back(name, at::full(shape, value, at::TensorOptions(at::kFloat)));
  return statistics_.back().second;
}

at::Tensor Weights::add(const std::string& name, at::Tensor value) {
  trainable_.emplace_back(name, value.set_requires_grad(true));
  return value;
}

int64_t Weights::count() const {
  int64_t sum = 0;
  for (const auto& [name, tensor] : trainable_) sum += tensor.numel();
  return sum;
}

void Weights::move_to(at::Device device, at::ScalarType type) {
  for (auto* list : {&trainable_, &statistics_}) {
    for (auto& [name, tensor] : *list) {
      at::Tensor moved = tensor.detach().to(device, type);
      if (moved.dim() == 4) moved = moved.contiguous(at::MemoryFormat::ChannelsLast);
      tensor.set_data(moved);  // every handle to the tensor sees the new data
    }
  }
}

void Weights::freeze() {
  for (auto& [name, tensor] : trainable_) tensor.set_requires_grad(false);
}

}  // namespace aigis
