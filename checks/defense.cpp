#include <fmt/format.h>

#include <algorithm>

#include "checks/checks.h"

namespace aigis::checks {

std::optional<Finding> ablation(const Claim& claim) {
  if (!claim.defense() || claim.attacks().empty()) return {};
  const auto& runs = claim.plan().runs;
  const bool beside = std::any_of(runs.begin(), runs.end(), [](const Run& run) {
    return !run.defense && run.attack && run.attack->wants_answer();
  });
  Finding finding = claim.about_model("ablation");
  finding.count = claim.plan().data.size();
  finding.message = "the same attacks ran without the defense";
  if (!beside) {
    finding.level = Finding::Level::undecided;
    finding.message = "no attack ran without the defense (--defense none): what it adds is unknown";
  }
  return finding;
}

std::optional<Finding> bpda(const Claim& claim) {
  // Through JPEG an attack of several steps takes back about half, or more, of what the defense saves from a blind one;
  // a single step may take back nothing.
  constexpr double kLeastBack = 0.25;
  if (!claim.is_made() || !claim.defense()) return {};
  const auto& attack = claim.strongest().attack;
  Challenge through = claim.challenge(attack, {kWhiteBox, nullptr});
  Challenge blind = claim.challenge(attack, {kGreyBox, nullptr});
  through.name = attack->name() + " through the defense";
  blind.name = attack->name() + " without sight of it";
  Finding finding = claim.beaten("bpda", through, {blind}, "the defense hides its gradient from the attack");
  const Outcome back = outcome_of(through, blind);
  if (finding.level != Finding::Level::passed || through.standing() == 0 || back.is_better()) return finding;
  const std::optional<Challenge> bare = claim.without_defense();
  const Outcome saved = bare ? outcome_of(*bare, blind) : Outcome{};
  const bool is_enough = saved.is_better() && saved.gained / 2 >= fewest(1);  // half of them would have been told
  const bool is_step = attack->shares_budgets() && !attack->options().contains("steps");
  if (is_enough && !is_step && back.ahead < kLeastBack * saved.ahead) {
    finding.level = Finding::Level::warning;
    finding.message += fmt::format(
        ": nor does sight of the defense take back what it saves from a blind attack, {} images, so its gradient "
        "may be of no use",
        saved.gained);
  } else {
    finding.level = Finding::Level::undecided;
    finding.message += !bare       ? ": neither is better, and without an attack on the bare model nothing tells why"
                       : is_step   ? ": neither is better, as may be with a single step"
                       : is_enough ? ": what sight of the defense takes back is too little to tell from chance"
                                   : ": neither is better, and the defense saves too few images to tell why";
  }
  return finding;
}

double bpda_cost(const Claim& claim) { return claim.defense() ? 2 * claim.gradients_each() : 0; }

}  // namespace aigis::checks
