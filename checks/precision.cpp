#include <fmt/format.h>

#include "attacks/parts/objective.h"
#include "checks/checks.h"
#include "lib/eval/bf16_gradients.h"
#include "lib/eval/victim.h"

namespace aigis::checks {

std::optional<Finding> bf16_gradients(const Claim& claim) {
  constexpr double kLeast = 0.9;
  constexpr int64_t kImages = 64;
  const auto* rounded = dynamic_cast<const Bf16Gradients*>(claim.bare().get());
  if (rounded == nullptr) return {};
  int64_t count = 0, pixels = 0, same = 0;
  for (const Batch& batch : claim.spread(kImages)) {
    Goal goal;
    goal.labels = batch.labels;
    const Loss cross_entropy = [&](const Output& output) {
      return loss_value(LossKind::cross_entropy, output.logits, goal);
    };
    const auto signs = [&](Model& model) {
      Victim victim(model, claim.plan().seed);
      return victim.gradient(batch.images, batch.ids, cross_entropy, {}, {}).images.sign();
    };
    const at::Tensor exact = signs(rounded->exact()), told = signs(*claim.bare());
    pixels += exact.ne(0).sum().item<int64_t>();
    same += told.eq(exact).logical_and(exact.ne(0)).sum().item<int64_t>();
    count += batch.ids.size(0);
  }
  Finding finding = claim.about_model("bf16-gradients");
  finding.count = count;
  const double share = pixels > 0 ? static_cast<double>(same) / static_cast<double>(pixels) : 0;
  finding.numbers = {{"share_agrees", share}, {"pixels", pixels}};
  finding.smallest_effect = 1 - kLeast;
  finding.message =
      fmt::format("in bfloat16 {:.1f} % of the gradients' pixels have the sign that they have in float32", 100 * share);
  if (pixels == 0) {
    finding.level = Finding::Level::undecided;
    finding.message = "the gradients are zero in float32, too: there is no sign to agree with";
  } else if (share < kLeast) {
    finding.level = Finding::Level::warning;
    finding.message += ": attacks are led astray, so robustness may be overstated (gradients=fp32)";
  }
  return finding;
}

}  // namespace aigis::checks
