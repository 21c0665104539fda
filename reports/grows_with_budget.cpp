#include "reports/grows_with_budget.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "reports/beyond_noise.h"
#include "reports/effect.h"
#include "reports/flags.h"

namespace aigis {
namespace {

constexpr double kChance = 0.001;  ///< of each pair, because a sweep has many

struct Smaller {
  double epsilon;
  Effect effect;
};

Json does_less(const Attack& attack, const Effect& effect, const Smaller& smaller) {
  const bool has_steps = attack.options().contains("relative_step_size");
  return flag("grows-with-budget", "info",
              fmt::format("does less than within {:.4g}: {}: {:.3f}, and {:.3f} there ({}): {}", smaller.epsilon,
                          effect.what, effect.value() / effect.unit, smaller.effect.value() / effect.unit,
                          contrast(effect, smaller.effect, kChance).evidence,
                          has_steps ? "its steps may be too long for such a budget (step_size)"
                                    : "it does not use what it is given"),
              {{"value", effect.value()}, {"within_smaller", smaller.effect.value()}, {"smaller", smaller.epsilon}});
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
  for (size_t i = 0; i < runs.size(); ++i) {
    const size_t e = i % budgets, r = i / budgets % plan.runs.size(), m = i / budgets / plan.runs.size();
    if (!is_held_against_smaller_budgets(plan, m, r, e)) continue;
    const Attack& attack = *plan.runs[r].attack;
    const RunTally& tally = result.tallies[m][r];
    const auto within = [&](size_t budget) {
      return effect_of(attack, plan.models[m]->card(), tally, tally.cells[budget]);
    };
    const std::optional<Effect> effect = within(e);
    if (!effect) continue;
    std::optional<Smaller> most;
    for (size_t other = 0; other < e; ++other) {
      std::optional<Effect> there = within(other);
      if (contrast(*effect, *there, kChance).verdict != Contrast::Verdict::less) continue;
      const bool is_more = !most || (there->value() > most->effect.value()) == there->grows;
      if (is_more) most = Smaller{plan.epsilons[other], std::move(*there)};
    }
    if (most) runs[i]["flags"].push_back(does_less(attack, *effect, *most));
  }
}

}  // namespace aigis
