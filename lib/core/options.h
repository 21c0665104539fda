// Typed options that read themselves from text, check their range, print and document themselves.
//
// A settings struct lists its members once:
//
//   struct JpegOptions {
//     int64_t quality = 75;
//     void bind(OptionTable& t) { t.integer("quality", &quality, 1, 100, "libjpeg's scale"); }
//   };
//
// and every use follows from that list: `jpeg:quality=75`, the resolved config of a report,
// `aigis list defenses`. An unknown key is an error, and so is one that would change nothing beside the others:
//
//   t.number("temperature", &temperature, 0.01, 100, "", "of the soft gates").only_with("gates=relaxed");
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/json.h"
#include "lib/core/spec.h"

namespace aigis {

class OptionTable {
  struct Option {
    std::string name, type, range, unit, help;
    std::function<void(const std::string& text, const std::string& what)> read;
    std::function<Json()> value;
    std::string condition{};   ///< under which it matters, as of Added::only_with; empty: always
    std::string substitute{};  ///< that says what a 0 does not, as of Added::zero_needs; empty: 0 is a number
  };

 public:
  /// The option that was added last.
  class Added {
   public:
    /// It matters only with "name=value", "name=value|value" or "name>number" of another option. Given otherwise, and
    /// not as its default or the preset's, it is an error.
    void only_with(const std::string& condition) { option_->condition = condition; }
    /// A number whose 0 leaves it to another option. Given as 0 without that one, it is an error.
    void zero_needs(const std::string& other) { option_->substitute = other; }

   private:
    friend class OptionTable;
    explicit Added(Option* option) : option_(option) {}
    Option* option_;
  };

  Added integer(const std::string& name, int64_t* value, int64_t low, int64_t high, const std::string& help);
  /// `unit` is a word ("pixel value in [0,1]") or empty. Bounds are inclusive.
  Added number(const std::string& name, double* value, double low, double high, const std::string& unit,
               const std::string& help);
  /// Numbers joined by colons, "1:1:0.8"; may be empty. Its JSON value is that text.
  Added numbers(const std::string& name, std::vector<double>* value, double low, double high, const std::string& help);
  struct Set {
    std::string name;
    std::string options;    ///< as in a spec: "steps=40,start=clean"
    std::string note = {};  ///< what the help says of it besides
  };
  /// Named sets of options. `value` remembers which was taken, "none" at first. Options given beside it win.
  void presets(const std::string& name, std::string* value, std::vector<Set> sets);
  /// Any text; its user checks it.
  Added text(const std::string& name, std::string* value, const std::string& help);
  /// true or false.
  Added flag(const std::string& name, bool* value, const std::string& help);
  /// One of a few words.
  template <class E>
  Added choice(const std::string& name, E* value, const std::vector<std::pair<std::string, E>>& words,
               const std::string& help) {
    std::vector<std::string> names;
    for (const auto& word : words) names.push_back(word.first);
    return add_choice(
        name, names, [=](size_t i) { *value = words[i].second; },
        [=] {
          for (const auto& word : words) {
            if (word.second == *value) return word.first;
          }
          return std::string();
        },
        help);
  }

  /// Sets members from a spec's options. `owner` appears in messages: "attack 'fgsm'".
  void assign(const Spec& spec, const std::string& owner);
  /// {"quality": 75, …}: what the members hold now.
  Json values() const;
  /// [{"name", "type", "default", "range", "unit", "help", "only_with"}, …]; the members must hold their defaults.
  Json documentation() const;

 private:
  Added add(Option option);
  Added add_choice(const std::string& name, const std::vector<std::string>& names, std::function<void(size_t)> set,
                   std::function<std::string()> get, const std::string& help);

  /// Throws InputError if there is none of this name.
  const Option& find(const std::string& key, const std::string& owner) const;
  void read(const std::string& key, const std::string& text, const std::string& owner);
  /// Throws InputError if an option was given that changes nothing, or a 0 that says nothing. `defaults` are the
  /// preset's.
  void check_effects(const Spec& spec, const Json& defaults, const std::string& owner) const;

  std::deque<Option> options_;  ///< a deque leaves its elements where they are, which Added points at
  std::string preset_key_;
  std::vector<Set> presets_;
};

/// Those values of a table's options that matter beside the others, as its documentation has it.
Json effective(const Json& values, const Json& documentation);

/// Options of type `T` read from a spec, defaults elsewhere.
template <class T>
T read_options(const Spec& spec, const std::string& owner) {
  T options;
  OptionTable table;
  options.bind(table);
  table.assign(spec, owner);
  return options;
}

/// What `options` holds, as JSON.
template <class T>
Json option_values(T options) {
  OptionTable table;
  options.bind(table);
  return table.values();
}

/// The options of type `T` with their defaults, as OptionTable::documentation() has them.
template <class T>
Json option_documentation() {
  T options;
  OptionTable table;
  options.bind(table);
  return table.documentation();
}

}  // namespace aigis
