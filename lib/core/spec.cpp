#include "lib/core/spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/core/error.h"
#include "lib/core/text.h"

namespace aigis {
namespace {

/// Where a spec's name ends: at a colon. The path of a checkpoint may hold colons of its own and ends with its file's
/// name.
size_t end_of_name(std::string_view text) {
  constexpr std::string_view kFile = ".safetensors";
  const size_t colon = text.find(':'), file = text.find(kFile);
  const bool is_path = text.find('/') < colon && file != std::string_view::npos;
  return is_path ? text.find(':', file) : colon;
}

}  // namespace

Spec Spec::parse(std::string_view text) {
  Spec spec;
  const size_t colon = end_of_name(text);
  spec.name = trim(text.substr(0, colon));
  if (spec.name.empty()) throw InputError(fmt::format("'{}' names nothing; expected NAME or NAME:key=value,…", text));
  if (colon == std::string_view::npos) return spec;
  const auto items = split(text.substr(colon + 1), ',');
  for (size_t i = 0; i < items.size(); ++i) {
    const auto equals = items[i].find('=');
    const bool is_path = i == 0 && items[i].find('/') < equals;  // no key has a slash, but a folder may have '='
    if (equals == std::string::npos || is_path) {
      if (i > 0 || items[i].empty()) {
        throw InputError(fmt::format("'{}': expected key=value, got '{}'", text, items[i]));
      }
      spec.path = items[i];
      continue;
    }
    const std::string key = trim(std::string_view(items[i]).substr(0, equals));
    const bool twice =
        std::any_of(spec.options.begin(), spec.options.end(), [&](const auto& o) { return o.first == key; });
    if (twice) throw InputError(fmt::format("'{}': option '{}' is given twice", text, key));
    spec.options.emplace_back(key, trim(std::string_view(items[i]).substr(equals + 1)));
  }
  return spec;
}

Spec Spec::of(const std::string& name, const Json& options) {
  Spec spec{name, "", {}};
  for (const auto& [key, value] : options.items()) {
    spec.options.emplace_back(key, text_of(value));
  }
  return spec;
}

std::string Spec::text() const {
  std::vector<std::string> items;
  if (!path.empty()) items.push_back(path);
  for (const auto& [key, value] : options) items.push_back(key + "=" + value);
  return items.empty() ? name : name + ":" + join(items, ",");
}

}  // namespace aigis
