#include "cli/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/text.h"
#include "lib/eval/access.h"
#include "models/load.h"

namespace aigis {
namespace fs = std::filesystem;

namespace {

std::string flag_name(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return "--" + key;
}

std::string joined(const fs::path& folder, const std::string& path) {
  return fs::path(path).is_absolute() ? path : (folder / path).lexically_normal().string();
}

/// Makes the path inside a value relative to the config's folder instead of the working folder.
std::string relocated(const std::string& value, Settings::Holds holds, const fs::path& folder) {
  if (holds == Settings::Holds::text || value.empty()) return value;
  if (holds == Settings::Holds::path) return joined(folder, value);
  if (holds == Settings::Holds::access) {
    const std::string model = surrogate_of(value);
    return model.empty() ? value : transfer_from(relocated(model, Settings::Holds::model_spec, folder));
  }
  Spec spec = Spec::parse(value);
  if (holds == Settings::Holds::data_spec && !spec.path.empty()) spec.path = joined(folder, spec.path);
  if (holds == Settings::Holds::model_spec) {
    if (std::string* path = model_path(spec)) *path = joined(folder, *path);
  }
  return spec.text();
}

/// A model's options have commas too: "transfer:m.safetensors:gates=sampled" and "draws=5" belong together.
std::vector<std::string> parts(const std::string& value, char separator, Settings::Holds holds) {
  if (separator == '\0') return {value};
  std::vector<std::string> whole;
  for (const auto& piece : split(value, separator)) {
    const std::string part = trim(piece);
    const bool goes_on = holds == Settings::Holds::access && !whole.empty() && !surrogate_of(whole.back()).empty() &&
                         surrogate_of(part).empty() && part.find('=') != std::string::npos;
    if (goes_on) whole.back() += separator + part;
    else whole.push_back(part);
  }
  return whole;
}

std::vector<std::string> all_parts(const std::vector<std::string>& values, char separator, Settings::Holds holds) {
  std::vector<std::string> all;
  for (const auto& value : values) {
    for (auto& part : parts(value, separator, holds)) all.push_back(std::move(part));
  }
  return all;
}

}  // namespace

void Settings::add(const std::string& key, Setting setting, const std::string& help) {
  Setting& kept = settings_[key] = std::move(setting);
  line_.texts(flag_name(key), kept.value, help, false, join(kept.fallback, ","));
}

void Settings::one(const std::string& key, const std::string& fallback, const std::string& help, Holds holds) {
  add(key, {false, holds, '\0', {fallback}, {}}, help);
}

void Settings::many(const std::string& key, const std::vector<std::string>& fallback, const std::string& help,
                    Holds holds, char separator) {
  add(key, {true, holds, separator, fallback, {}}, help);
}

void Settings::options(OptionTable& table) {
  for (const auto& row : table.documentation()) {
    const std::string key = row["name"];
    const std::string fallback = text_of(row["default"]);
    const std::string unit = row["unit"], condition = row["only_with"];
    one(key, fallback,
        fmt::format("{} ({}{}{})", row["help"].get<std::string>(), row["range"].get<std::string>(),
                    unit.empty() ? "" : ", " + unit, condition.empty() ? "" : "; with " + condition));
    table_keys_.push_back(key);
  }
}

void Settings::config() { line_.text("config", config_path_, "JSON with the same words as the flags; flags win"); }

void Settings::read_config(const std::string& path) {
  const Json json = parse_json(read_file(path), path, /*with_comments=*/true);
  if (!json.is_object()) throw InputError(fmt::format("{}: expected a JSON object with settings", path));
  std::vector<std::string> known;
  for (const auto& [key, setting] : settings_) known.push_back(key);
  for (const auto& [key, value] : json.items()) {
    if (key == "$schema") continue;
    const auto found = settings_.find(key);
    if (found == settings_.end()) throw InputError(path + ": " + unknown_name("key", key, known));
    Setting& setting = found->second;
    if (!setting.value.empty()) continue;  // given as a flag
    const Json values = value.is_array() ? value : Json::array({value});
    if (values.empty() || (!setting.many && values.size() != 1)) {
      throw InputError(
          fmt::format("{}: key '{}': expected {}", path, key, setting.many ? "at least one value" : "one value"));
    }
    setting.value.clear();
    for (const auto& item : values) {
      if (!item.is_string() && !item.is_number() && !item.is_boolean()) {
        throw InputError(fmt::format("{}: key '{}': expected text or a number, got {}", path, key, item.dump()));
      }
      const std::string text = text_of(item);
      for (const auto& part : parts(text, setting.separator, setting.holds)) {
        setting.value.push_back(relocated(part, setting.holds, fs::path(path).parent_path()));
      }
    }
  }
}

void Settings::resolve() {
  for (auto& [key, setting] : settings_) setting.value = all_parts(setting.value, setting.separator, setting.holds);
  if (!config_path_.empty()) read_config(config_path_);
  for (auto& [key, setting] : settings_) {
    setting.is_default = setting.value.empty();
    if (setting.is_default) setting.value = all_parts(setting.fallback, setting.separator, setting.holds);
  }
}

bool Settings::truth(const std::string& key) const {
  const std::string value = text(key);
  if (value != "true" && value != "false") {
    throw InputError(fmt::format("{}: '{}' is not one of true, false", flag_name(key), value));
  }
  return value == "true";
}

int64_t Settings::count(const std::string& key, int64_t low) const {
  const int64_t value = parse_integer(text(key), flag_name(key));
  if (value < low) {
    throw InputError(fmt::format("{}: {} is too small; expected at least {}", flag_name(key), value, low));
  }
  return value;
}

bool Settings::is_default(const std::string& key) const { return settings_.at(key).is_default; }

std::string Settings::text(const std::string& key) const { return settings_.at(key).value.back(); }

const std::vector<std::string>& Settings::list(const std::string& key) const { return settings_.at(key).value; }

Spec Settings::as_spec() const {
  Spec spec;
  for (const auto& key : table_keys_) spec.options.emplace_back(key, text(key));
  return spec;
}

}  // namespace aigis
