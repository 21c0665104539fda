#include "lib/eval/latency.h"

#include <ATen/core/grad_mode.h>

#include "lib/core/progress.h"
#include "lib/metrics/median.h"

namespace aigis {
namespace {

double seconds_of_pass(Model& target, const at::Tensor& images, const Batch& batch, const Stream& noise) {
  const Stopwatch watch;
  target.forward(images, {noise, batch.ids}).logits.sum().item<double>();  // waits
  return watch.seconds() / static_cast<double>(batch.ids.size(0));
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
  const Interval interval = median_interval(ratios);
  constexpr double kMilliseconds = 1e3;
  return {{"clean_ms", kMilliseconds * median(clean)},
          {"adversarial_ms", kMilliseconds * median(adversarial)},
          {"ratio", {{"value", median(ratios)}, {"ci95", {interval.low, interval.high}}}},
          {"pairs", ratios.size()}};
}

Latency measure_latency(Model& target, const Batch& batch, const at::Tensor& adversarial, uint64_t seed) {
  constexpr uint32_t kPairs = 3;
  Latency latency;
  if (target.card().gated.empty() || batch.ids.size(0) == 0) return latency;
  const at::NoGradGuard no_grad;
  seconds_of_pass(target, adversarial, batch, {seed, Purpose::verdict_gates});  // so that neither comes first
  for (uint32_t pair = 0; pair < kPairs; ++pair) {
    const Stream noise{seed, Purpose::verdict_gates, 0, pair, 0};
    const auto add_clean = [&] { latency.clean.push_back(seconds_of_pass(target, batch.images, batch, noise)); };
    if (pair % 2 == 0) add_clean();
    latency.adversarial.push_back(seconds_of_pass(target, adversarial, batch, noise));
    if (pair % 2 == 1) add_clean();
  }
  return latency;
}

}  // namespace aigis
