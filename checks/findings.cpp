// What a claim's checks say, and of which runs.
#include <fmt/format.h>

#include <algorithm>

#include "checks/claim.h"

namespace aigis {

Finding Claim::not_made(Finding finding) const {
  finding.level = Finding::Level::undecided;
  finding.message = fmt::format(
      "not made: for the {} images that can tell it would take longer than a minute and than a fifth of PGD-10 over "
      "all images; with more (--limit) it is made",
      fewest(1));
  return finding;
}

Finding Claim::without_attack(const std::string& check, const std::string& why) const {
  Finding finding = about_budget(check);
  finding.level = Finding::Level::undecided;
  finding.message = why;
  return finding;
}

Finding Claim::about_model(const std::string& check) const {
  Finding finding;
  finding.check = check;
  for (const size_t r : runs_) {
    for (size_t e = 0; e < plan_.epsilons.size(); ++e) finding.of.emplace_back(r, e);
  }
  return finding;
}

Finding Claim::about_budget(const std::string& check, const std::vector<size_t>& attacks) const {
  Finding finding;
  finding.check = check;
  for (const size_t r : attacks) finding.of.emplace_back(r, epsilon_);
  for (const size_t r : runs_) {
    const std::vector<size_t>& held = plan_.runs[r].worst_of;
    if (std::find_first_of(held.begin(), held.end(), attacks.begin(), attacks.end()) != held.end()) {
      finding.of.emplace_back(r, epsilon_);
    }
  }
  return finding;
}

std::optional<Finding> Claim::beaten_by(const std::string& check, const std::string& attack,
                                        const std::string& advice) const {
  if (!is_made()) return {};
  const auto made = challenger(attack);
  if (!allows(*made)) {
    return without_attack(check, fmt::format("not made: {} does not go with this norm or model", made->name()));
  }
  return beaten(check, {challenge(made, Access{})}, advice);
}

Finding Claim::beaten(const std::string& check, const Challenge& reference, const std::vector<Challenge>& challenges,
                      const std::string& advice) const {
  const Challenge* best = nullptr;
  Outcome outcome;
  for (const Challenge& challenge : challenges) {
    const Outcome now = outcome_of(challenge, reference);
    if (best != nullptr && !now.is_clearer_than(outcome)) continue;
    best = &challenge;
    outcome = now;
  }
  outcome.p = std::min(1.0, outcome.p * static_cast<double>(challenges.size()));
  const int64_t stood = reference.standing();
  Finding finding = about_budget(check);
  finding.count = sample_.size();
  if (finding.count == 0) return not_made(finding);
  const int64_t enough = fewest(challenges.size());
  if (stood >= enough) {
    finding.smallest_effect = static_cast<double>(enough) / static_cast<double>(finding.count);
  }
  finding.numbers = {{"gained", outcome.gained}, {"lost", outcome.lost}, {"standing", stood}, {"p", outcome.p}};
  const bool one_draw = reference.draws == 1 && best->draws == 1;
  const std::string told =
      one_draw ? fmt::format("{} left {} of {} images standing; {} breaks {} of them, and leaves {} that fell",
                             reference.name, stood, finding.count, best->name, outcome.gained, outcome.lost)
               : fmt::format("{} left {} of {} images standing; {} does worse to {} images, and less to {}",
                             reference.name, stood, finding.count, best->name, outcome.gained, outcome.lost);
  if (outcome.is_better()) {
    finding.level = Finding::Level::warning;
    finding.message = told + ": " + advice;
  } else if (stood > 0 && stood < enough) {
    finding.level = Finding::Level::undecided;
    finding.message = fmt::format("{}: too few stood to tell; {} would do", told, enough);
  } else {
    finding.message = told;
  }
  return finding;
}

}  // namespace aigis
