#include "lib/core/options.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/core/error.h"
#include "lib/core/text.h"

namespace aigis {

OptionTable::Added OptionTable::integer(const std::string& name, int64_t* value, int64_t low, int64_t high,
                                        const std::string& help) {
  auto read = [=](const std::string& text, const std::string& what) {
    const int64_t given = parse_integer(text, what);
    if (given < low || given > high) {
      throw InputError(fmt::format("{}: {} is out of range; expected {} to {}", what, given, low, high));
    }
    *value = given;
  };
  return add({name, "integer", fmt::format("{} to {}", low, high), "", help, read, [=] { return Json(*value); }});
}

namespace {

double number_within(const std::string& text, const std::string& what, double low, double high) {
  const double given = parse_number(text, what);
  if (given < low || given > high) {
    throw InputError(fmt::format("{}: {} is out of range; expected {} to {}", what, text, low, high));
  }
  return given;
}

/// Whether a condition of Added::only_with holds among these values.
bool holds(const std::string& condition, const Json& values) {
  const size_t sign = condition.find_first_of("=>");
  const std::string wanted = condition.substr(sign + 1);
  const Json& value = values.at(condition.substr(0, sign));
  if (condition[sign] == '>') return parse_number(text_of(value), condition) > parse_number(wanted, condition);
  if (value.is_number()) return value == parse_number(wanted, condition);
  const std::vector<std::string> words = split(wanted, '|');
  return std::find(words.begin(), words.end(), text_of(value)) != words.end();
}

}  // namespace

OptionTable::Added OptionTable::number(const std::string& name, double* value, double low, double high,
                                       const std::string& unit, const std::string& help) {
  auto read = [=](const std::string& text, const std::string& what) { *value = number_within(text, what, low, high); };
  return add({name, "number", fmt::format("{} to {}", low, high), unit, help, read, [=] { return Json(*value); }});
}

OptionTable::Added OptionTable::numbers(const std::string& name, std::vector<double>* value, double low, double high,
                                        const std::string& help) {
  auto read = [=](const std::string& text, const std::string& what) {
    std::vector<double> given;
    if (!text.empty()) {
      for (const auto& part : split(text, ':')) given.push_back(number_within(trim(part), what, low, high));
    }
    *value = given;
  };
  auto print = [=] {
    std::vector<std::string> parts;
    for (const double number : *value) parts.push_back(shortest(number));
    return Json(join(parts, ":"));
  };
  return add({name, "numbers", fmt::format("each {} to {}", low, high), "", help, read, print});
}

OptionTable::Added OptionTable::text(const std::string& name, std::string* value, const std::string& help) {
  auto read = [=](const std::string& text, const std::string&) { *value = text; };
  return add({name, "text", "text", "", help, read, [=] { return Json(*value); }});
}

OptionTable::Added OptionTable::flag(const std::string& name, bool* value, const std::string& help) {
  const Added added = add_choice(
      name, {"false", "true"}, [=](size_t i) { *value = i == 1; },
      [=] { return std::string(*value ? "true" : "false"); }, help);
  options_.back().type = "boolean";
  options_.back().value = [=] { return Json(*value); };
  return added;
}

OptionTable::Added OptionTable::add_choice(const std::string& name, const std::vector<std::string>& names,
                                           std::function<void(size_t)> set, std::function<std::string()> get,
                                           const std::string& help) {
  auto read = [=](const std::string& text, const std::string& what) {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) {
      throw InputError(fmt::format("{}: '{}' is not one of {}", what, text, join(names, ", ")));
    }
    set(static_cast<size_t>(found - names.begin()));
  };
  return add({name, "choice", join(names, ", "), "", help, read, [=] { return Json(get()); }});
}

void OptionTable::presets(const std::string& name, std::string* value, std::vector<Set> sets) {
  std::vector<std::string> names{"none"};
  std::vector<std::string> told;
  for (const Set& set : sets) {
    names.push_back(set.name);
    told.push_back(fmt::format("{}{}: {}", set.name, set.note.empty() ? "" : " (" + set.note + ")", set.options));
  }
  if (told.empty()) told.emplace_back("no other tool's are known");
  add_choice(
      name, names, [=](size_t i) { *value = names[i]; }, [=] { return *value; },
      "whose defaults to take; " + join(told, "; "));
  preset_key_ = name;
  presets_ = std::move(sets);
}

OptionTable::Added OptionTable::add(Option option) {
  options_.push_back(std::move(option));
  return Added(&options_.back());
}

const OptionTable::Option& OptionTable::find(const std::string& key, const std::string& owner) const {
  const auto found = std::find_if(options_.begin(), options_.end(), [&](const auto& o) { return o.name == key; });
  if (found != options_.end()) return *found;
  std::vector<std::string> names;
  for (const auto& option : options_) names.push_back(option.name);
  throw InputError(owner + ": " + unknown_name("option", key, names));
}

void OptionTable::read(const std::string& key, const std::string& text, const std::string& owner) {
  find(key, owner).read(text, fmt::format("{}: option '{}'", owner, key));
}

void OptionTable::check_effects(const Spec& spec, const Json& defaults, const std::string& owner) const {
  const Json now = values();
  const auto is_given = [&](const std::string& name) {
    return std::any_of(spec.options.begin(), spec.options.end(), [&](const auto& o) { return o.first == name; });
  };
  for (const auto& [key, text] : spec.options) {
    const Option& option = find(key, owner);
    if (!option.substitute.empty() && now[key] == 0 && !is_given(option.substitute)) {
      throw InputError(fmt::format("{}: option '{}': 0 leaves it to {}; expected a positive number, or {} beside it",
                                   owner, key, option.substitute, option.substitute));
    }
    const std::string& condition = option.condition;
    if (condition.empty() || now[key] == defaults[key] || holds(condition, now)) continue;
    const std::string other = condition.substr(0, condition.find_first_of("=>"));
    throw InputError(fmt::format("{}: option '{}': is for {}; with {}={} it would change nothing", owner, key,
                                 condition, other, text_of(now[other])));
  }
}

void OptionTable::assign(const Spec& spec, const std::string& owner) {
  const auto preset = std::find_if(spec.options.begin(), spec.options.end(),
                                   [&](const auto& o) { return !preset_key_.empty() && o.first == preset_key_; });
  if (preset != spec.options.end()) {
    read(preset->first, preset->second, owner);
    for (const Set& set : presets_) {
      if (set.name != preset->second) continue;
      for (const auto& [key, value] : Spec::parse("preset:" + set.options).options) read(key, value, owner);
    }
  }
  const Json defaults = values();
  for (const auto& [key, value] : spec.options) read(key, value, owner);
  check_effects(spec, defaults, owner);
}

Json OptionTable::values() const {
  Json values = Json::object();
  for (const auto& option : options_) values[option.name] = option.value();
  return values;
}

Json OptionTable::documentation() const {
  Json rows = Json::array();
  for (const auto& option : options_) {
    rows.push_back({{"name", option.name},
                    {"type", option.type},
                    {"default", option.value()},
                    {"range", option.range},
                    {"unit", option.unit},
                    {"help", option.help},
                    {"only_with", option.condition}});
  }
  return rows;
}

Json effective(const Json& values, const Json& documentation) {
  Json kept = values;
  for (const Json& option : documentation) {
    const auto& condition = option["only_with"].get_ref<const std::string&>();
    if (!condition.empty() && !holds(condition, values)) kept.erase(option["name"].get<std::string>());
  }
  return kept;
}

}  // namespace aigis
