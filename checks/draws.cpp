#include "checks/draws.h"

#include <fmt/format.h>

#include <algorithm>

#include "attacks/list.h"
#include "checks/variation.h"

namespace aigis::checks {

bool has_several(const Claim& claim, DrawsOf draws) {
  const auto& attacks = claim.attacks();
  return std::any_of(attacks.begin(), attacks.end(),
                     [&](size_t r) { return ((*claim.plan().runs[r].attack).*draws)() > 1; });
}

std::string as_others_do(const Claim& claim, DrawsOf draws) {
  const Attack& strongest = *claim.strongest().attack;
  for (const auto& [key, value] : {std::pair<std::string, std::string>{"draws", "20"}, {"version", "rand"}}) {
    const auto other = varied(strongest, {{key, value}});
    if (other && ((*other).*draws)() > 1) return fmt::format(", as {}:{}={} does", strongest.name(), key, value);
  }
  constexpr const char* kMadeTo = "eot-pgd";
  return claim.allows(*attack_of(kMadeTo)) ? fmt::format(", as {} does", kMadeTo) : "";
}

}  // namespace aigis::checks
