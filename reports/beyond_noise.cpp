#include "reports/beyond_noise.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "reports/effect.h"
#include "reports/flags.h"

namespace aigis {
namespace {

/// A patch has no noise but random colours of its size. Noise that was picked for its cost serves attacks that want the
/// same of the cost; any other serves all.
bool serves(const Run& noise, const Run& attack) {
  if (!is_noise(noise) || noise.attack->patch() != attack.attack->patch()) return false;
  const Aim aim = noise.attack->aim();
  return aim == Aim::wrong_answer || aim == attack.attack->aim();
}

/// Whether `noise` has the size of the other's perturbations: nested, an image that fell keeps that of a smaller
/// budget.
bool stand_side_by_side(const SweepPlan& plan, size_t m, const Run& attack, const Run& noise) {
  const ModelCard& card = plan.models[m]->card();
  return serves(noise, attack) && attack.defense == noise.defense && attack.access.name == noise.access.name &&
         is_nested(plan, attack, card) == is_nested(plan, noise, card);
}

Json nothing_to_tell_by(Aim aim) {
  return flag(
      "noise-as-strong", "info",
      aim == Aim::graph
          ? "nothing to tell this attack from noise by: no image of another class, or none of the class whose graph is "
            "wanted"
          : "nothing to tell this attack from noise by: cost varies from pass to pass where gates draw, and is seen to "
            "where several draws are judged (gates=sampled,draws=5)",
      Json::object());
}

Json no_more(const Contrast& beside, const Effect& attacked, const Effect& noisy) {
  return flag("noise-as-strong", "info",
              fmt::format("{}: {}: {:.3f}; with noise {:.3f} ({})",
                          beside.verdict == Contrast::Verdict::less ? "noise of the same size does more"
                                                                    : "not told apart from noise of the same size",
                          attacked.what, attacked.value() / attacked.unit, noisy.value() / noisy.unit, beside.evidence),
              {{"value", attacked.value()}, {"of_noise", noisy.value()}});
}

Json no_noise(const Attack& attack) {
  const std::string patch = attack.patch() > 0 ? fmt::format(",patch={}", attack.patch()) : "";
  return flag("noise-as-strong", "info",
              fmt::format("no noise of the same size beside it to tell its effect from chance by (the attack "
                          "noise:kind=sign,best_of=1{}, with nested=false)",
                          patch),
              Json::object());
}

bool has_noise_beside(const SweepPlan& plan, size_t m, const Run& attack) {
  return std::any_of(plan.runs.begin(), plan.runs.end(),
                     [&](const Run& other) { return stand_side_by_side(plan, m, attack, other); });
}

}  // namespace

bool is_noise(const Run& run) { return run.attack && run.attack->name() == "noise"; }

bool is_held_against_noise(const SweepPlan& plan, size_t m, size_t r, size_t e) {
  const Run& run = plan.runs[r];
  if (!run.attack || is_noise(run) || plan.epsilons[e] == 0) return false;
  const Aim aim = run.attack->aim();
  if (aim == Aim::wrong_answer) return has_noise_beside(plan, m, run);
  return !plan.models[m]->card().gated.empty() && (aim != Aim::graph || graph_class(*run.attack));
}

void flag_noise(const SweepPlan& plan, const SweepResult& result, Json& runs) {
  const size_t budgets = plan.epsilons.size();
  if (plan.data.size() == 0) return;
  for (size_t i = 0; i < runs.size(); ++i) {
    const size_t e = i % budgets, r = i / budgets % plan.runs.size(), m = i / budgets / plan.runs.size();
    if (!is_held_against_noise(plan, m, r, e)) continue;
    if (!has_noise_beside(plan, m, plan.runs[r])) {
      runs[i]["flags"].push_back(no_noise(*plan.runs[r].attack));
      continue;
    }
    const Attack& attack = *plan.runs[r].attack;
    const auto effect = [&](size_t run) {
      const RunTally& tally = result.tallies[m][run];
      return effect_of(attack, plan.models[m]->card(), tally, tally.cells[e]);
    };
    const std::optional<Effect> attacked = effect(r);
    if (!attacked) {
      runs[i]["flags"].push_back(nothing_to_tell_by(attack.aim()));
      continue;
    }
    std::optional<Effect> strongest;
    for (size_t other = 0; other < plan.runs.size(); ++other) {
      if (!stand_side_by_side(plan, m, plan.runs[r], plan.runs[other])) continue;
      std::optional<Effect> noisy = effect(other);
      if (contrast(*attacked, *noisy).verdict == Contrast::Verdict::more) continue;
      const bool stronger = !strongest || (noisy->value() > strongest->value()) == noisy->grows;
      if (stronger) strongest = std::move(noisy);
    }
    if (strongest) runs[i]["flags"].push_back(no_more(contrast(*attacked, *strongest), *attacked, *strongest));
  }
}

}  // namespace aigis
