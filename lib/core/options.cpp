#include "lib/core/options.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/core/error.h"
#include "lib/core/text.h"

namespace aigis {

void OptionTable::integer(const std::string& name, int64_t* value, int64_t low, int64_t high, const std::string& help) {
  auto read = [=](const std::string& text, const std::string& what) {
    const int64_t given = parse_integer(text, what);
    if (given < low || given > high) {
      throw InputError(fmt::format("{}: {} is out of range; expected {} to {}", what, given, low, high));
    }
    *value = given;
  };
  options_.push_back(
      {name, "integer", fmt::format("{} to {}", low, high), "", help, read, [=] { return Json(*value); }});
}

namespace {

double number_within(const std::string& text, const std::string& what, double low, double high) {
  const double given = parse_number(text, what);
  if (given < low || given > high) {
    throw InputError(fmt::format("{}: {} is out of range; expected {} to {}", what, text, low, high));
  }
  return given;
}

}  // namespace

void OptionTable::number(const std::string& name, double* value, double low, double high, const std::string& unit,
                         const std::string& help) {
  auto read = [=](const std::string& text, const std::string& what) { *value = number_within(text, what, low, high); };
  options_.push_back(
      {name, "number", fmt::format("{} to {}", low, high), unit, help, read, [=] { return Json(*value); }});
}

void OptionTable::numbers(const std::string& name, std::vector<double>* value, double low, double high,
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
  options_.push_back({name, "numbers", fmt::format("each {} to {}", low, high), "", help, read, print});
}

void OptionTable::text(const std::string& name, std::string* value, const std::string& help) {
  auto read = [=](const std::string& text, const std::string&) { *value = text; };
  options_.push_back({name, "text", "text", "", help, read, [=] { return Json(*value); }});
}

void OptionTable::flag(const std::string& name, bool* value, const std::string& help) {
  add_choice(
      name, {"false", "true"}, [=](size_t i) { *value = i == 1; },
      [=] { return std::string(*value ? "true" : "false"); }, help);
  options_.back().type = "boolean";
  options_.back().value = [=] { return Json(*value); };
}

void OptionTable::add_choice(const std::string& name, const std::vector<std::string>& names,
                             std::function<void(size_t)> set, std::function<std::string()> get,
                             const std::string& help) {
  auto read = [=](const std::string& text, const std::string& what) {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) {
      throw InputError(fmt::format("{}: '{}' is not one of {}", what, text, join(names, ", ")));
    }
    set(static_cast<size_t>(found - names.begin()));
  };
  options_.push_back({name, "choice", join(names, ", "), "", help, read, [=] { return Json(get()); }});
}

void OptionTable::presets(const std::string& name, std::string* value,
                          std::vector<std::pair<std::string, std::string>> sets) {
  std::vector<std::string> names{"none"};
  std::vector<std::string> told;
  for (const auto& [set, text] : sets) {
    names.push_back(set);
    told.push_back(fmt::format("{}: {}", set, text));
  }
  add_choice(
      name, names, [=](size_t i) { *value = names[i]; }, [=] { return *value; },
      "whose defaults to take; " + join(told, "; "));
  preset_key_ = name;
  presets_ = std::move(sets);
}

void OptionTable::read(const std::string& key, const std::string& text, const std::string& owner) {
  const auto found = std::find_if(options_.begin(), options_.end(), [&](const auto& o) { return o.name == key; });
  if (found == options_.end()) {
    std::vector<std::string> names;
    for (const auto& option : options_) names.push_back(option.name);
    throw InputError(owner + ": " + unknown_name("option", key, names));
  }
  found->read(text, fmt::format("{}: option '{}'", owner, key));
}

void OptionTable::assign(const Spec& spec, const std::string& owner) {
  const auto preset = std::find_if(spec.options.begin(), spec.options.end(),
                                   [&](const auto& o) { return !preset_key_.empty() && o.first == preset_key_; });
  if (preset != spec.options.end()) {
    read(preset->first, preset->second, owner);
    for (const auto& [name, text] : presets_) {
      if (name != preset->second) continue;
      for (const auto& [key, value] : Spec::parse("preset:" + text).options) read(key, value, owner);
    }
  }
  for (const auto& [key, value] : spec.options) read(key, value, owner);
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
                    {"help", option.help}});
  }
  return rows;
}

}  // namespace aigis
