#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "attacks/parts/objective.h"
#include "checks/checks.h"
#include "lib/eval/victim.h"

namespace aigis::checks {
namespace {

/// No gradient tells of images further than this, 4/255 in every pixel.
double far(const Dataset& data, Norm norm) {
  const auto pixels = static_cast<double>(data.images[0].numel());
  return 4.0 / 255 * (norm == Norm::linf ? 1 : norm == Norm::l2 ? std::sqrt(pixels) : pixels);
}

}  // namespace

// Attacks that follow one gradient fail alike where it leads astray, and so prove nothing about one another.
std::optional<Finding> uphill(const Claim& claim) {
  constexpr int64_t kImages = 24;
  constexpr double kMostDownhill = 0.25, kLeast = 0.02;
  const SweepPlan& plan = claim.plan();
  if (!claim.is_made() || plan.norm == Norm::l0) return {};
  const double reach = std::min(plan.epsilons[claim.epsilon()] / 2, far(claim.sample(), plan.norm));
  const std::shared_ptr<Model> target = claim.target();
  std::vector<at::Tensor> shares;
  for (const Batch& batch : claim.spread(kImages)) {
    Goal goal;
    goal.labels = batch.labels;
    const auto cross_entropy = [&](const Output& output) {
      return loss_value(LossKind::cross_entropy, output.logits, goal);
    };
    Victim victim(*target, plan.seed);
    const at::Tensor gradient = victim.gradient(batch.images, batch.ids, cross_entropy, {}, {}).images;
    const at::Tensor change = steepest(gradient, plan.norm) * reach;
    const at::Tensor up = within(batch.images, batch.images + change, plan.norm, reach),
                     down = within(batch.images, batch.images - change, plan.norm, reach);
    const auto loss_at = [&](const at::Tensor& x) {  // under the same noise; in float32 a sure answer's is all zeros
      const at::Tensor logits = victim.forward(x, batch.ids, {}).logits.to(at::kDouble);
      return loss_value(LossKind::cross_entropy, logits, goal).cpu();
    };
    const at::Tensor foretold = (gradient * (up - down)).flatten(1).to(at::kDouble).sum(1).cpu();
    const at::Tensor chosen = foretold.gt(0).nonzero().squeeze(1);
    shares.push_back(((loss_at(up) - loss_at(down)) / foretold).index_select(0, chosen));
  }
  const at::Tensor all = at::cat(shares);
  Finding finding = claim.about_budget("uphill");
  finding.count = all.size(0);
  finding.smallest_effect = kMostDownhill;
  if (finding.count == 0) {
    finding.level = Finding::Level::undecided;
    finding.message = "no image has a gradient to follow";
    return finding;
  }
  const double median = all.median().item<double>();
  const int64_t downhill = all.le(0).sum().item<int64_t>();
  finding.numbers = {{"downhill", downhill}, {"median_share", median}};
  finding.message = fmt::format(
      "along the gradient the loss of {} of {} images does not rise, and the median rises by {:.3g} times of what its "
      "gradient foretells",
      downhill, finding.count, median);
  if (static_cast<double>(downhill) > kMostDownhill * static_cast<double>(finding.count) || median < kLeast) {
    finding.level = Finding::Level::warning;
    finding.message += ": it leads astray, and so every attack that follows it";
  }
  return finding;
}

}  // namespace aigis::checks
