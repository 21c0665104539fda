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
  const auto attack = claim.challenger("pgd:steps=20");
  std::vector<std::pair<std::shared_ptr<Model>, std::string>> surrogates;
  const ModelCard& card = claim.bare()->card();
  if (!card.gated.empty()) {
    surrogates.emplace_back(std::make_shared<AllOpen>(claim.bare()), "the model with all gates open");
  }
  for (size_t m = 0; m < claim.plan().models.size(); ++m) {
    const auto& other = claim.plan().models[m];
    const bool fits = other->card().input == card.input && other->card().classes == card.classes;
    const ModelCard& seen = other->card();
    if (m == claim.model() || !fits) continue;
    surrogates.emplace_back(other, seen.architecture + (seen.gated.empty() ? "" : " (gates=" + seen.gate_mode + ")"));
  }
  if (surrogates.empty()) return {};
  if (!claim.allows(*attack)) return claim.without_attack("transfer", "not made: pgd does not know this norm");
  std::vector<Challenge> challenges;
  for (const auto& [surrogate, name] : surrogates) {
    challenges.push_back(claim.challenge(attack, {"transfer:" + name, surrogate}));
    challenges.back().name = "pgd on " + name;
  }
  return claim.beaten("transfer", challenges, "gradients of the model itself are masked, or the attacks are weak");
}

}  // namespace aigis::checks
