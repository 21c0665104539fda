#include "checks/variation.h"

#include "attacks/list.h"
#include "lib/core/error.h"

namespace aigis {

std::shared_ptr<const Attack> varied(const Attack& attack,
                                     const std::vector<std::pair<std::string, std::string>>& changes) {
  Json options = attack.options();
  for (const auto& [key, value] : changes) {
    if (!options.contains(key)) return nullptr;
    options[key] = value;
  }
  options.erase("preset");  // its options are given
  try {
    const auto& entry = find_entry(attack_list(), "attack", attack.name());
    return entry.make(Spec::of(attack.name(), effective(options, entry.options())));
  } catch (const InputError&) {
    return nullptr;
  }
}

int64_t whole_option(const Attack& attack, const char* key, int64_t otherwise) {
  const Json options = attack.options();
  return options.contains(key) && options[key].is_number() ? options[key].get<int64_t>() : otherwise;
}

}  // namespace aigis
