#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "checks/checks.h"
#include "checks/variation.h"
#include "lib/core/text.h"

namespace aigis::checks {
namespace {

/// The strongest attack with twice of what says how long it is and, where gates draw, of its draws.
struct Twice {
  std::vector<std::string> asked;        ///< options, as "steps=40"
  std::shared_ptr<const Attack> attack;  ///< null where it does not take these
  std::vector<std::string> doubled;      ///< options without those that change nothing beside its others
};

Twice twice(const Claim& claim) {
  Twice made;
  if (!claim.is_made()) return made;
  const Attack& strongest = *claim.strongest().attack;
  const Json options = strongest.options();
  std::vector<std::pair<std::string, std::string>> changes;
  for (const char* key : {"steps", "restarts", "queries", "draws"}) {
    const bool matters = std::string(key) != "draws" || claim.bare()->card().has_random_gates;
    if (!matters || !options.contains(key)) continue;
    changes.emplace_back(key, std::to_string(2 * whole_option(strongest, key, 1)));
    made.asked.push_back(fmt::format("{}={}", key, changes.back().second));
  }
  made.attack = varied(strongest, changes);
  if (!made.attack) return made;
  const Json now = made.attack->options();
  for (const auto& [key, value] : changes) {
    if (now[key] != options[key]) made.doubled.push_back(key);
  }
  return made;
}

/// Why an attack that does better with twice of these did not do its best.
std::string shortcoming(const std::vector<std::string>& doubled) {
  if (doubled.back() != "draws") return "the attack had not converged";
  return doubled.size() == 1 ? "the attack heeds too few draws"
                             : "the attack had not converged, or heeds too few draws";
}

}  // namespace

std::optional<Finding> longer(const Claim& claim) {
  const auto [asked, attack, doubled] = twice(claim);
  if (asked.empty()) return {};
  if (!attack) {
    return claim.without_attack(
        "longer", fmt::format("not made: {} does not take {}", claim.strongest().attack->name(), join(asked, ",")));
  }
  if (doubled.empty()) return {};
  Challenge challenge = claim.challenge(attack, claim.strongest().access);
  challenge.name += " with twice the " + join(doubled, ", ");
  return claim.beaten("longer", {challenge}, shortcoming(doubled));
}

double longer_cost(const Claim& claim) {
  const std::vector<std::string> doubled = twice(claim).doubled;
  const auto has = [&](const char* option) { return std::count(doubled.begin(), doubled.end(), option) > 0; };
  // Steps and queries are of different parts of an attack that is made of others: none takes four times as many.
  const int together = has("steps") && has("queries") ? 1 : 0;
  return doubled.empty() ? 0 : std::exp2(static_cast<int>(doubled.size()) - together) * claim.gradients_each();
}

}  // namespace aigis::checks
