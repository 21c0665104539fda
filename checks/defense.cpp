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
  if (!claim.is_made() || !claim.defense()) return {};
  const auto& attack = claim.strongest().attack;
  Challenge through = claim.challenge(attack, {"white-box", nullptr});
  Challenge blind = claim.challenge(attack, {"grey-box", nullptr});
  through.name = attack->name() + " through the defense";
  blind.name = attack->name() + " without sight of it";
  return claim.beaten("bpda", through, {blind}, "the defense hides its gradient from the attack");
}

}  // namespace aigis::checks
