#include "lib/eval/latency.h"

#include <ATen/core/grad_mode.h>

#include <functional>

#include "lib/metrics/median.h"
#include "lib/metrics/paired.h"

namespace aigis {
namespace {

/// Passes over some images of a batch, one at each call.
std::function<void()> passes_over(Model& target, const at::Tensor& images, const Batch& batch, uint64_t seed) {
  return [&target, &images, &batch, seed, draw = uint32_t{0}]() mutable {
    const Stream noise{seed, Purpose::verdict_gates, 0, draw++, 0};
    target.forward(images, {noise, batch.ids}).logits.sum().item<double>();  // waits
  };
}

}  // namespace

void Latency::merge(const Latency& other) {
  clean.insert(clean.end(), other.clean.begin(), other.clean.end());
  adversarial.insert(adversarial.end(), other.adversarial.begin(), other.adversarial.end());
}

Json Latency::to_json() const {
  if (clean.empty()) return nullptr;
  std::vector<double> ratios;
  for (size_t i = 0; i < clean.size(); ++i) ratios.push_back(adversarial[i] / clean[i]);
  Json interval;  // of few batches there is none
  if (static_cast<int64_t>(ratios.size()) >= kFewestForInterval) {
    const Interval within = median_interval(ratios);
    interval = {within.low, within.high};
  }
  constexpr double kMilliseconds = 1e3;
  return {{"clean_ms", kMilliseconds * median(clean)},
          {"adversarial_ms", kMilliseconds * median(adversarial)},
          {"ratio", {{"value", median(ratios)}, {"ci95", interval}}},
          {"batches", ratios.size()}};
}

Latency measure_latency(Model& target, const Batch& batch, const at::Tensor& adversarial, uint64_t seed) {
  constexpr int64_t kTurns = 4, kWarmUp = 1;
  Latency latency;
  if (target.card().gated.empty() || batch.ids.size(0) == 0) return latency;
  const at::NoGradGuard no_grad;
  const PairedResult pairs = measure_pairs(passes_over(target, batch.images, batch, seed),
                                           passes_over(target, adversarial, batch, seed), kTurns, {}, kWarmUp);
  // Turns on the same images say little more than one of them: a batch counts once.
  const auto images = static_cast<double>(batch.ids.size(0));
  latency.clean.push_back(pairs.a_seconds / images);
  latency.adversarial.push_back(pairs.b_seconds / images);
  return latency;
}

}  // namespace aigis
