#include <ATen/ops/cat.h>
#include <ATen/ops/where.h>
#include <fmt/format.h>

#include <algorithm>

#include "attacks/parts/objective.h"
#include "checks/checks.h"
#include "lib/eval/victim.h"

namespace aigis::checks {
namespace {

/// For each image that has a gradient, the share that comes true of what it foretells for a step.
class Foretold {
 public:
  Foretold(std::shared_ptr<Model> target, uint64_t seed, Norm norm)
      : target_(std::move(target)), victim_(*target_, seed), norm_(norm) {}

  /// One step along the gradient less one against it, under the same noise, so that what bends the loss cancels out.
  void step(const Batch& batch, GateGradient path, double reach) {
    Goal goal;
    goal.labels = batch.labels;
    const Loss cross_entropy = [&](const Output& output) {
      return Losses{loss_value(LossKind::cross_entropy, output.logits, goal)};
    };
    const at::Tensor gradient = victim_.gradient(batch.images, batch.ids, cross_entropy, {}, {path, 1}).images;
    const at::Tensor change = steepest(gradient, norm_) * reach;
    const at::Tensor up = within(batch.images, batch.images + change, norm_, reach),
                     down = within(batch.images, batch.images - change, norm_, reach);
    const auto loss_at = [&](const at::Tensor& x) {  // in float32 a sure answer's is all zeros
      const at::Tensor logits = victim_.forward(x, batch.ids, {}).logits.to(at::kDouble);
      return loss_value(LossKind::cross_entropy, logits, goal).cpu();
    };
    const at::Tensor foretold = (gradient * (up - down)).flatten(1).to(at::kDouble).sum(1).cpu();
    const at::Tensor chosen = foretold.gt(0).nonzero().squeeze(1);
    const at::Tensor share = ((loss_at(up) - loss_at(down)) / foretold).index_select(0, chosen);
    shares_.push_back(at::where(share.isfinite(), share, -1.0));  // a step to where there is no loss leads nowhere
  }
  at::Tensor shares() const { return at::cat(shares_); }

 private:
  std::shared_ptr<Model> target_;  // before victim_, which refers to it
  Victim victim_;
  Norm norm_;
  std::vector<at::Tensor> shares_;
};

}  // namespace

// Attacks that follow one gradient fail alike where it leads astray, and so prove nothing about one another.
std::optional<Finding> uphill(const Claim& claim) {
  constexpr int64_t kImages = 24;
  constexpr double kMostDownhill = 0.25, kLeast = 0.02;  // over half of the budget, which may bend the loss
  constexpr double kLeastNearby = 0.9;                   // over a step that hardly does
  constexpr double kNear = 0.1 / 255;
  constexpr double kFar = 4.0 / 255;  // on average over pixels: no gradient tells of images beyond
  const SweepPlan& plan = claim.plan();
  if (!claim.is_made() || plan.norm == Norm::l0) return {};
  const double far = kFar * largest_size(plan.norm, plan.data.images[0].numel());
  const double reach = std::min(plan.epsilons[claim.epsilon()] / 2, far);
  Foretold half(claim.target(), plan.seed, plan.norm), nearby(claim.target(), plan.seed, Norm::linf);
  for (const Batch& batch : claim.spread(kImages)) {
    half.step(batch, GateGradient::straight_through, reach);
    // Behind a defense gradients are approximations at best, and gates that flip are jumps.
    if (!claim.defense()) nearby.step(batch, GateGradient::fixed_graph, kNear);
  }
  const at::Tensor all = half.shares();
  Finding finding = claim.about_budget("uphill");
  finding.count = all.size(0);
  if (finding.count < fewest(1)) {
    finding.level = Finding::Level::undecided;
    finding.message = fmt::format("{} of {} images have a gradient to follow, too few to tell; {} would do",
                                  finding.count, std::min(kImages, plan.data.size()), fewest(1));
    return finding;
  }
  const auto enough = static_cast<int64_t>(kMostDownhill * static_cast<double>(finding.count)) + 1;
  finding.smallest_effect = static_cast<double>(enough) / static_cast<double>(finding.count);
  const double median = all.median().item<double>();
  const int64_t downhill = all.le(0).sum().item<int64_t>();
  finding.numbers = {{"downhill", downhill}, {"median_share", median}};
  finding.message = fmt::format(
      "along the gradient the loss of {} of {} images does not rise, and the median rises by {:.3g} times of what its "
      "gradient foretells",
      downhill, finding.count, median);
  bool is_untrue = false;
  if (!claim.defense()) {
    if (const at::Tensor close = nearby.shares(); close.size(0) >= fewest(1)) {
      const double true_share = close.median().item<double>();
      finding.numbers["median_share_nearby"] = true_share;
      finding.message += fmt::format(", over a short step by {:.3g} times", true_share);
      is_untrue = true_share < kLeastNearby;
    }
  }
  if (downhill >= enough || median < kLeast || is_untrue) {
    finding.level = Finding::Level::warning;
    finding.message += ": it leads astray, and so every attack that follows it";
  }
  return finding;
}

}  // namespace aigis::checks
