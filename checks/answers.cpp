#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <algorithm>

#include "checks/checks.h"
#include "checks/draws.h"

namespace aigis::checks {
namespace {

/// Logits that differ by more than this share of the largest do not differ by rounding.
constexpr double kRounding = 1e-3;

/// [N] bool on the CPU.
at::Tensor differ(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().amax(1).gt(kRounding * a.abs().amax(1)).cpu();
}

}  // namespace

std::optional<Finding> randomness(const Claim& claim) {
  constexpr uint32_t kPasses = 5;
  const int64_t size = claim.plan().data.size(), count = std::min(size, std::clamp<int64_t>(size / 5, 32, 256));
  const std::shared_ptr<Model> target = claim.target();
  const at::NoGradGuard no_grad;
  int64_t answers = 0, logits = 0;
  for (const Batch& batch : claim.spread(count)) {
    at::Tensor first, changed, moved;
    for (uint32_t draw = 0; draw < kPasses; ++draw) {
      const Stream noise{claim.plan().seed, Purpose::redraw_gates, 1, draw, 0};
      const at::Tensor again = target->forward(batch.images, {noise, batch.ids}).logits;
      if (!first.defined()) {
        first = again;
        changed = moved = at::zeros_like(batch.ids, at::kBool);
      }
      changed = changed.logical_or(again.argmax(1).ne(first.argmax(1)).cpu());
      moved = moved.logical_or(differ(first, again));
    }
    answers += changed.sum().item<int64_t>();
    logits += moved.sum().item<int64_t>();
  }
  Finding finding = claim.about_model("randomness");
  finding.count = count;
  finding.smallest_effect = 1.0 / static_cast<double>(count);
  finding.numbers = {{"passes", kPasses}, {"answers_changed", answers}, {"logits_changed", logits}};
  const std::string told = fmt::format("in {} passes {} of {} images got other answers and {} other logits", kPasses,
                                       answers, count, logits);
  if (!target->card().has_random_gates) {
    finding.message = told;
    if (logits > 0) {
      finding.level = Finding::Level::warning;
      finding.message +=
          ", though the model has no random gates: attacks go by one sample of its gradient, and verdicts by one of "
          "its answer";
    }
  } else if (logits > 0 && claim.is_made() && !has_several(claim, &Attack::draws)) {
    finding.level = Finding::Level::warning;
    finding.message = fmt::format("{}: gates are random, and no attack heeds several draws a step{}", told,
                                  as_others_do(claim, &Attack::draws));
  } else {
    finding.message = told;
  }
  return finding;
}

std::optional<Finding> batch_dependence(const Claim& claim) {
  int64_t count = std::min<int64_t>(claim.plan().data.size(), 16);
  Finding finding = claim.about_model("batch-dependence");
  const Batch batch = claim.spread(count).front();
  count = batch.ids.size(0);
  finding.count = count;
  if (count < 2) {
    finding.level = Finding::Level::undecided;
    finding.message = "one image is no batch";
    return finding;
  }
  const std::shared_ptr<Model> target = claim.target();
  const at::NoGradGuard no_grad;
  const Stream noise{claim.plan().seed, Purpose::verdict_gates, 0, 0, 0};
  const at::Tensor together = target->forward(batch.images, {noise, batch.ids}).logits;
  std::vector<at::Tensor> alone;
  for (int64_t i = 0; i < count; ++i) {
    const Batch one = batch.part(i, 1);
    alone.push_back(target->forward(one.images, {noise, one.ids}).logits);
  }
  const int64_t differing = differ(together, at::cat(alone)).sum().item<int64_t>();
  // A gate's logit within a rounding error of its threshold may turn over: an image in a batch, hardly more.
  const int64_t enough = count / 10 + 1;
  finding.smallest_effect = static_cast<double>(enough) / static_cast<double>(count);
  finding.numbers = {{"images", differing}};
  finding.message = fmt::format("{} of {} images get other logits alone than in a batch", differing, count);
  if (differing >= enough) {
    finding.level = Finding::Level::error;
    finding.message += ": the model is in training mode or mixes its images, so no verdict is that of one image";
  }
  return finding;
}

}  // namespace aigis::checks
