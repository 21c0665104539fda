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
  constexpr uint32_t kTurns = 4;
  Latency latency;
  if (target.card().gated.empty() || batch.ids.size(0) == 0) return latency;
  const at::NoGradGuard no_grad;
  seconds_of_pass(target, adversarial, batch, {seed, Purpose::verdict_gates});  // so that neither comes first
  std::vector<double> clean_seconds, adversarial_seconds;
  for (uint32_t turn = 0; turn < kTurns; ++turn) {
    const Stream noise{seed, Purpose::verdict_gates, 0, turn, 0};
    const auto add_clean = [&] { clean_seconds.push_back(seconds_of_pass(target, batch.images, batch, noise)); };
    if (turn % 2 == 0) add_clean();
    adversarial_seconds.push_back(seconds_of_pass(target, adversarial, batch, noise));
    if (turn % 2 == 1) add_clean();
  }
  // Turns on the same images say little more than one of them: a batch counts once.
  latency.clean.push_back(median(clean_seconds));
  latency.adversarial.push_back(median(adversarial_seconds));
  return latency;
}

}  // namespace aigis
