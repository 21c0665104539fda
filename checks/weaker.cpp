#include "attacks/list.h"
#include "checks/checks.h"
#include "lib/eval/ablation.h"

namespace aigis::checks {

std::optional<Finding> noise(const Claim& claim) {
  return claim.beaten_by("noise", "noise:best_of=100", "the attacks see no gradient, or follow a wrong one");
}

std::optional<Finding> one_step(const Claim& claim) {
  return claim.beaten_by("one-step", "fgsm", "the attacks are not well set, or gradients are masked near the image");
}

std::optional<Finding> black_box(const Claim& claim) {
  return claim.beaten_by("black-box", "square:queries=200,rescale=true",
                         "gradients are masked, or the attacks are weak");
}

std::optional<Finding> transfer(const Claim& claim) {
  if (!claim.is_made()) return {};
  const auto attack = attack_of("pgd:steps=20");
  if (!claim.allows(*attack)) return {};
  std::vector<Challenge> challenges;
  const ModelCard& card = claim.bare()->card();
  const auto from = [&](const std::shared_ptr<Model>& surrogate, const std::string& name) {
    challenges.push_back(claim.challenge(attack, {"transfer:" + name, surrogate}));
    challenges.back().name = "pgd on " + name;
  };
  if (!card.gated.empty()) from(std::make_shared<AllOpen>(claim.bare()), "the model with all gates open");
  for (size_t m = 0; m < claim.plan().models.size(); ++m) {
    const auto& other = claim.plan().models[m];
    const bool fits = other->card().input == card.input && other->card().classes == card.classes;
    const ModelCard& seen = other->card();
    if (m == claim.model() || !fits) continue;
    from(other, seen.architecture + (seen.gated.empty() ? "" : " (gates=" + seen.gate_mode + ")"));
  }
  if (challenges.empty()) return {};
  return claim.beaten("transfer", challenges, "gradients of the model itself are masked, or the attacks are weak");
}

}  // namespace aigis::checks
