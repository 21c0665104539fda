// An explicit list of what exists of one kind (attacks, defenses, models, data sets).
//
// A class joins by one line in its folder's list; it offers
//   static constexpr const char* kName, kSummary, kSource;   and a settings struct `Options`
// with `bind(OptionTable&)`, and is made from that struct.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/core/error.h"
#include "lib/core/json.h"
#include "lib/core/options.h"
#include "lib/core/spec.h"
#include "lib/core/text.h"

namespace aigis {

template <class Base>
struct Entry {
  std::string name;
  std::string summary;
  std::string source;  ///< paper and equation
  std::function<Json()> options;
  std::function<std::unique_ptr<Base>(const Spec&)> make;
};

template <class Base>
using Catalogue = std::vector<Entry<Base>>;

/// The line of a list: `entry<Attack, Fgsm>("attack")`.
template <class Base, class T>
Entry<Base> entry(const std::string& kind) {
  using Options = typename T::Options;
  return {T::kName, T::kSummary, T::kSource, option_documentation<Options>,
          [kind](const Spec& spec) -> std::unique_ptr<Base> {
            const std::string owner = kind + " '" + spec.name + "'";
            if (!spec.path.empty()) throw InputError(owner + ": expected key=value, got '" + spec.path + "'");
            return std::make_unique<T>(read_options<Options>(spec, owner));
          }};
}

/// Finds a name in a list of entries; an unknown one is an InputError with a suggestion.
template <class Listed>
const Listed& find_entry(const std::vector<Listed>& list, const std::string& kind, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& candidate : list) {
    if (candidate.name == name) return candidate;
    names.push_back(candidate.name);
  }
  throw InputError(unknown_name(kind, name, names));
}

/// Makes what a spec names; null for "none", the absent attack or defense, which takes no options.
template <class Base>
std::shared_ptr<const Base> make_or_none(const Catalogue<Base>& catalogue, const std::string& kind, const Spec& spec) {
  if (spec.name != "none") return find_entry(catalogue, kind, spec.name).make(spec);
  if (!spec.options.empty() || !spec.path.empty()) throw InputError(kind + " 'none' takes no options");
  return nullptr;
}

}  // namespace aigis
