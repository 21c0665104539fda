#include "reports/beyond_noise.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "lib/metrics/comparison.h"
#include "reports/flags.h"

namespace aigis {
namespace {

/// What an attack is measured by.
struct Measure {
  const char* what;
  double value, low, high;
  double unit = 1;    ///< that it is told in
  bool grows = true;  ///< the attack wants more of it
};

/// Whose average graph an attack wants images to take on.
std::optional<size_t> graph_class(const Attack& attack) {
  const Json options = attack.options();
  if (attack.aim() != Aim::graph || !options.contains("class")) return {};
  return options["class"].get<size_t>();
}

std::optional<Measure> measure(const Attack& attack, const Json& run) {
  const Aim aim = attack.aim();
  const auto of = [](const char* what, const Json& share) {
    return Measure{what, share["value"], share["ci95"][0], share["ci95"][1]};
  };
  const Json& macs = run["macs"];
  switch (aim) {
    case Aim::wrong_answer: {
      Measure right = of("robust accuracy", run["accuracy"]["robust"]);
      right.grows = false;
      return right;
    }
    case Aim::unseen_wrong_answer:
      return of("the share of images that are wrong and unseen by a monitor", macs["monitor"]["unseen_and_wrong"]);
    case Aim::more_compute:
    case Aim::less_compute:
      return Measure{"executed multiply-accumulates, million",
                     macs["after"],
                     macs["ci95"]["after"][0],
                     macs["ci95"]["after"][1],
                     1e6,
                     aim == Aim::more_compute};
    case Aim::uneven_compute: {
      if (macs["spread"].is_null()) return {};
      Measure spread =
          of("deviation of executed multiply-accumulates from pass to pass, million", macs["spread"]["after"]);
      spread.unit = 1e6;
      return spread;
    }
    case Aim::graph: {
      const Json &alike = run["gates"]["likeness"], &value = alike["after"][*graph_class(attack)];
      if (value.is_null()) return {};
      const Json& ends = alike["after_ci95"][*graph_class(attack)];
      return Measure{"likeness to the average graph of the class", value, ends[0], ends[1]};
    }
  }
  return {};
}

std::string told(const Measure& m) {
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", m.value / m.unit, m.low / m.unit, m.high / m.unit);
}

bool is_noise(const Run& run) { return run.attack && run.attack->name() == "noise"; }

/// Whether `noise` has the size of the other's perturbations: nested, an image that fell keeps that of a smaller
/// budget.
bool stand_side_by_side(const SweepPlan& plan, size_t m, const Run& attack, const Run& noise) {
  const ModelCard& card = plan.models[m]->card();
  return is_noise(noise) && attack.defense == noise.defense && attack.access.name == noise.access.name &&
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

/// Of an attack beside noise.
enum class Effect { more, alike, less };

Effect by_intervals(const Measure& attacked, const Measure& noisy) {
  const bool above = attacked.low > noisy.high, below = attacked.high < noisy.low;
  if (!above && !below) return Effect::alike;
  return above == attacked.grows ? Effect::more : Effect::less;
}

/// By what becomes of each image under both.
Effect by_images(const std::vector<int64_t>& attacked, const std::vector<int64_t>& noisy, int64_t draws) {
  constexpr double kLevel = 0.05;
  PairedComparison broken;
  for (size_t i = 0; i < attacked.size(); ++i) broken.add(noisy[i], draws, attacked[i], draws);
  if (broken.p_value() >= kLevel) return Effect::alike;
  return broken.difference() > 0 ? Effect::more : Effect::less;
}

Json no_more(Effect effect, const Measure& attacked, const Measure& noisy) {
  return flag("noise-as-strong", "info",
              fmt::format("{}: {}: {}; with noise {}",
                          effect == Effect::less ? "noise of the same size does more"
                                                 : "not told apart from noise of the same size",
                          attacked.what, told(attacked), told(noisy)),
              {{"value", attacked.value}, {"of_noise", noisy.value}});
}

Json no_noise() {
  return flag("noise-as-strong", "info",
              "no noise of the same size beside it to tell its effect from chance by (the attack "
              "noise:kind=sign,best_of=1, with nested=false)",
              Json::object());
}

bool has_noise_beside(const SweepPlan& plan, size_t m, const Run& attack) {
  return std::any_of(plan.runs.begin(), plan.runs.end(),
                     [&](const Run& other) { return stand_side_by_side(plan, m, attack, other); });
}

}  // namespace

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
      runs[i]["flags"].push_back(no_noise());
      continue;
    }
    const Attack& attack = *plan.runs[r].attack;
    const std::optional<Measure> attacked = measure(attack, runs[i]);
    if (!attacked) {
      runs[i]["flags"].push_back(nothing_to_tell_by(attack.aim()));
      continue;
    }
    for (size_t other = 0; other < plan.runs.size(); ++other) {
      if (!stand_side_by_side(plan, m, plan.runs[r], plan.runs[other])) continue;
      const std::optional<Measure> noisy = measure(attack, runs[i + (other - r) * budgets]);
      const auto hits = [&](size_t run) -> const auto& { return result.tallies[m][run].cells[e].hits; };
      const Effect effect = attack.aim() == Aim::wrong_answer
                                ? by_images(hits(r), hits(other), plan.models[m]->card().draws)
                                : by_intervals(*attacked, *noisy);
      if (effect == Effect::more) continue;
      runs[i]["flags"].push_back(no_more(effect, *attacked, *noisy));
      break;
    }
  }
}

}  // namespace aigis
