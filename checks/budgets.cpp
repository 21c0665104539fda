#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "attacks/list.h"
#include "checks/checks.h"
#include "lib/metrics/comparison.h"

namespace aigis::checks {
namespace {

constexpr int64_t kWideSteps = 40;

int64_t wide_draws(const Claim& claim) { return claim.bare()->card().has_random_gates ? 5 : 1; }

double wide_cost(const Claim& claim) { return static_cast<double>(kWideSteps * wide_draws(claim)); }

/// An attack that is long enough for any budget, on a few images.
std::optional<Challenge> wide_attack(const Claim& claim, double epsilon, int64_t images) {
  const auto attack = attack_of(fmt::format("pgd:steps={},keep=best,draws={}", kWideSteps, wide_draws(claim)));
  if (!claim.is_made() || !claim.allows(*attack)) return {};
  return claim.challenge(attack, Access{}, nullptr, epsilon, images);
}

/// By what share of the images an attack left more within the larger of two budgets.
struct Rise {
  size_t run, larger;
  double share, chance;

  bool is_clearer_than(const Rise& other) const {
    return chance != other.chance ? chance < other.chance : share > other.share;
  }
};

Rise rise_between(const Claim& claim, size_t run, size_t smaller, size_t larger) {
  const int64_t draws = claim.bare()->card().draws;
  const auto& cells = claim.tallies()[run].cells;
  PairedComparison pair(draws, draws);
  for (size_t i = 0; i < cells[larger].hits.size(); ++i) {
    pair.add(cells[larger].hits[i], cells[smaller].hits[i]);
  }
  return {run, larger, pair.difference(), pair.p_value()};
}

}  // namespace

std::optional<Finding> monotone(const Claim& claim) {
  constexpr double kFamilyChance = 0.01;  // less than kChance: all images are compared, not a sample
  std::vector<Rise> rises;
  Finding finding = claim.about_model("monotone");
  int64_t nested = 0;
  const SweepPlan& plan = claim.plan();
  for (const size_t r : claim.attacks()) {
    if (is_nested(plan, plan.runs[r], claim.bare()->card())) {
      ++nested;
      continue;
    }
    for (size_t e = 1; e < plan.epsilons.size(); ++e) {
      for (size_t smaller = 0; smaller < e; ++smaller) rises.push_back(rise_between(claim, r, smaller, e));
    }
  }
  finding.count = plan.data.size();
  if (rises.empty()) {
    if (nested == 0 || plan.epsilons.size() < 2) return {};
    finding.level = Finding::Level::undecided;
    finding.message = "budgets are nested, so that accuracy cannot rise with them: nothing to see";
    return finding;
  }
  const int64_t enough = fewest(rises.size(), kFamilyChance);
  if (enough <= finding.count) {
    finding.smallest_effect = static_cast<double>(enough) / static_cast<double>(finding.count);
  }
  std::vector<double> chances;
  for (const Rise& rise : rises) chances.push_back(rise.chance);
  const std::vector<double> together = holm(chances);
  int64_t raised = 0;
  double most = 0;
  std::map<size_t, Rise> clearest;  // of each attack
  for (size_t i = 0; i < rises.size(); ++i) {
    if (together[i] >= kFamilyChance || rises[i].share <= 0) continue;
    ++raised;
    most = std::max(most, rises[i].share);
    const auto [of_attack, is_first] = clearest.try_emplace(rises[i].run, rises[i]);
    if (!is_first && rises[i].is_clearer_than(of_attack->second)) of_attack->second = rises[i];
  }
  finding.numbers = {{"pairs", rises.size()}, {"rises", raised}, {"largest", most}};
  if (enough > finding.count) {
    finding.level = Finding::Level::undecided;
    finding.message = fmt::format("{} images are too few to tell of {} pairs of budgets; {} would do", finding.count,
                                  rises.size(), enough);
    return finding;
  }
  if (raised == 0) {
    finding.message = fmt::format("accuracy rises by no more than chance in any of {} pairs of budgets", rises.size());
    return finding;
  }
  finding.level = Finding::Level::warning;
  finding.message = fmt::format(
      "accuracy rises with the budget in {} of {} pairs of budgets, by up to {:.1f} points: the attack does not use "
      "what it is given",
      raised, rises.size(), 100 * most);
  finding.of.clear();
  for (const auto& [run, rise] : clearest) finding.of.emplace_back(run, rise.larger);
  return finding;
}

std::optional<Finding> large_budget(const Claim& claim) {
  if (claim.plan().norm != Norm::linf) return {};
  const auto challenge = wide_attack(claim, 0.5, 64);
  if (!challenge) return {};
  Proportion right;
  for (const int64_t hit : challenge->hits) right.add(hit, challenge->draws);
  const double chance = 1.0 / static_cast<double>(claim.bare()->card().classes);
  Finding finding = claim.about_model("large-budget");
  finding.count = right.trials();
  if (finding.count == 0) return claim.not_made(finding);
  // The least accuracy whose interval would lie above chance.
  for (int64_t hits = 0; hits <= finding.count && !finding.smallest_effect; ++hits) {
    if (wilson(static_cast<double>(hits), static_cast<double>(finding.count)).low > chance)
      finding.smallest_effect = static_cast<double>(hits) / static_cast<double>(finding.count);
  }
  finding.numbers = {{"accuracy", right.value()}, {"chance", chance}};
  finding.message = fmt::format("within Linf 0.5, where any image can be made grey, {:.1f} % of {} images are right",
                                100 * right.value(), finding.count);
  if (right.interval().low > chance) {
    finding.level = Finding::Level::warning;
    finding.message += ": more than chance, so the attack sees no gradient";
  }
  return finding;
}

double large_budget_cost(const Claim& claim) { return wide_cost(claim); }

std::optional<Finding> unbounded(const Claim& claim) {
  if (claim.plan().norm == Norm::l0) return {};
  const double all = largest_size(claim.plan().norm, claim.plan().data.images[0].numel());
  const auto challenge = wide_attack(claim, all, 32);
  if (!challenge) return {};
  int64_t stand = 0;
  for (const int64_t hit : challenge->hits) stand += 2 * hit > challenge->draws;
  Finding finding = claim.about_model("unbounded");
  finding.count = static_cast<int64_t>(challenge->hits.size());
  if (finding.count == 0) return claim.not_made(finding);
  finding.smallest_effect = 1.0 / static_cast<double>(finding.count);
  finding.numbers = {{"standing", stand}};
  finding.message = fmt::format("{} of {} images stand though every pixel may take any value", stand, finding.count);
  if (stand > 0) {
    finding.level = Finding::Level::warning;
    finding.message += ": the attack sees no gradient there";
  }
  return finding;
}

double unbounded_cost(const Claim& claim) { return wide_cost(claim); }

}  // namespace aigis::checks
