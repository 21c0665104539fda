#include "reports/grows_with_budget.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reports/beyond_noise.h"
#include "reports/effect.h"
#include "reports/flags.h"

namespace aigis {
namespace {

constexpr double kChance = 0.01;  ///< of each pair, because a sweep has many
constexpr size_t kFewest = 8;     ///< images that can be told apart so: 2^(1 - 8) < 1 %

struct Smaller {
  double epsilon;
  const Effect* effect;
  std::string evidence;
};

/// The budget below `e` within which the attack did most, where it did more there.
std::optional<Smaller> better_within(const std::vector<std::optional<Effect>>& effects, size_t e,
                                     const std::vector<double>& epsilons) {
  std::optional<Smaller> most;
  for (size_t other = 0; other < e; ++other) {
    const Effect& there = *effects[other];
    Contrast beside = contrast(*effects[e], there, kChance);
    if (beside.verdict != Contrast::Verdict::less) continue;
    const bool is_more = !most || (there.value() > most->effect->value()) == there.grows;
    if (is_more) most = Smaller{epsilons[other], &there, std::move(beside.evidence)};
  }
  return most;
}

Json does_less(const Attack& attack, const Effect& effect, const Smaller& smaller) {
  const Json options = attack.options();
  const bool grows_steps = options.contains("relative_step_size") && options.value("step_size", 0.0) == 0;
  return flag(
      "grows-with-budget", "info",
      fmt::format(
          "does less than within {:.4g}: {}: {:.3f}, and {:.3f} there ({}): {}", smaller.epsilon, effect.what,
          effect.value() / effect.unit, smaller.effect->value() / effect.unit, smaller.evidence,
          grows_steps ? "its steps may be too long for such a budget (step_size)" : "it does not use what it is given"),
      {{"value", effect.value()}, {"within_smaller", smaller.effect->value()}, {"smaller", smaller.epsilon}});
}

Json too_few(size_t images) {
  return flag("grows-with-budget", "info",
              fmt::format("{} images are too few to tell whether it does less than within a smaller budget", images),
              Json::object());
}

}  // namespace

bool is_held_against_smaller_budgets(const SweepPlan& plan, size_t m, size_t r, size_t e) {
  const Run& run = plan.runs[r];
  const ModelCard& card = plan.models[m]->card();
  if (e == 0 || !run.attack || is_noise(run) || card.gated.empty()) return false;
  const Aim aim = run.attack->aim();
  return aim != Aim::wrong_answer && (aim != Aim::graph || graph_class(*run.attack)) && !is_nested(plan, run, card);
}

void flag_smaller_budgets(const SweepPlan& plan, const SweepResult& result, Json& runs) {
  const size_t budgets = plan.epsilons.size();
  if (plan.data.size() == 0) return;
  for (size_t first = 0; first < runs.size(); first += budgets) {
    const size_t r = first / budgets % plan.runs.size(), m = first / budgets / plan.runs.size();
    if (!is_held_against_smaller_budgets(plan, m, r, budgets - 1)) continue;
    const Attack& attack = *plan.runs[r].attack;
    const RunTally& tally = result.tallies[m][r];
    std::vector<std::optional<Effect>> effects;
    for (const CellTally& cell : tally.cells) {
      effects.push_back(effect_of(attack, plan.models[m]->card(), tally, cell));
    }
    if (!effects.front()) continue;  // nor at any other budget
    if (const size_t images = effects.front()->of_images.size(); images < kFewest) {
      runs[first + budgets - 1]["flags"].push_back(too_few(images));
      continue;
    }
    for (size_t e = 1; e < budgets; ++e) {
      const auto smaller = better_within(effects, e, plan.epsilons);
      if (smaller) runs[first + e]["flags"].push_back(does_less(attack, *effects[e], *smaller));
    }
  }
}

}  // namespace aigis
