#include <fmt/format.h>

#include "checks/checks.h"
#include "lib/eval/ablation.h"

namespace aigis::checks {
namespace {

constexpr int64_t kNoises = 100, kQueries = 200;
constexpr int64_t kSteps = 20;  // of PGD on each surrogate

}  // namespace

std::optional<Finding> noise(const Claim& claim) {
  return claim.beaten_by("noise", fmt::format("noise:best_of={}", kNoises),
                         "the attacks see no gradient, or follow a wrong one");
}

double noise_cost(const Claim& claim) {
  return static_cast<double>(kNoises) * claim.draws_on(*claim.bare()) * kForward;
}

std::optional<Finding> one_step(const Claim& claim) {
  return claim.beaten_by("one-step", "fgsm", "the attacks are not well set, or gradients are masked near the image");
}

double one_step_cost(const Claim& claim) { return claim.draws_on(*claim.bare()); }

std::optional<Finding> black_box(const Claim& claim) {
  return claim.beaten_by("black-box", fmt::format("square:queries={},rescale=true", kQueries),
                         "gradients are masked, or the attacks are weak");
}

// Square asks its best image again where gates are random.
double black_box_cost(const Claim& claim) {
  return static_cast<double>(kQueries * (claim.bare()->card().has_random_gates ? 2 : 1)) * kForward;
}

std::optional<Finding> transfer(const Claim& claim) {
  if (!claim.is_made()) return {};
  const auto attack = claim.challenger(fmt::format("pgd:steps={}", kSteps));
  std::vector<std::pair<std::shared_ptr<Model>, std::string>> surrogates;
  const ModelCard& card = claim.bare()->card();
  if (!card.gated.empty()) {
    surrogates.emplace_back(std::make_shared<AllOpen>(claim.bare()), "the model with all gates open");
  }
  for (size_t m = 0; m < claim.plan().models.size(); ++m) {
    const auto& other = claim.plan().models[m];
    const bool fits = other->card().input == card.input && other->card().classes == card.classes;
    if (m != claim.model() && fits) surrogates.emplace_back(other, claim.plan().names.at(m));
  }
  if (surrogates.empty()) return {};
  if (!claim.allows(*attack)) return claim.without_attack("transfer", "not made: pgd does not know this norm");
  std::vector<Challenge> challenges;
  for (const auto& [surrogate, name] : surrogates) {
    challenges.push_back(claim.challenge(attack, {transfer_from(name), surrogate}));
    challenges.back().name = "pgd on " + name;
  }
  return claim.beaten("transfer", challenges, "gradients of the model itself are masked, or the attacks are weak");
}

double transfer_cost(const Claim& claim) {
  double gradients = claim.bare()->card().gated.empty() ? 0 : 1;  // of a step on every surrogate
  for (size_t m = 0; m < claim.plan().models.size(); ++m) {
    if (m != claim.model()) gradients += claim.draws_on(*claim.plan().models[m]);
  }
  return static_cast<double>(kSteps) * gradients;
}

}  // namespace aigis::checks
