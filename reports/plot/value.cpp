#include "reports/plot/value.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace aigis::plotting {

const Json& at(const Json& json, std::initializer_list<const char*> keys) {
  static const Json nothing;
  const Json* value = &json;
  for (const char* key : keys) {
    if (!value->is_object()) return nothing;
    const auto found = value->find(key);
    if (found == value->end()) return nothing;
    value = &*found;
  }
  return *value;
}

std::optional<double> number_at(const Json& json, std::initializer_list<const char*> keys) {
  const Json& value = at(json, keys);
  if (!value.is_number() || !std::isfinite(value.get<double>())) return std::nullopt;
  return value.get<double>();
}

std::string text_of(const Json& json) { return json.is_null() ? "" : aigis::text_of(json); }

std::string text_at(const Json& json, std::initializer_list<const char*> keys) { return text_of(at(json, keys)); }

std::optional<Share> share_of(const Json& proportion) {
  return share_of(number_at(proportion, {"value"}), at(proportion, {"ci95"}));
}

std::optional<Share> share_of(std::optional<double> value, const Json& ends) {
  if (!value) return std::nullopt;
  Share share{*value, {}, {}};
  if (ends.is_array() && ends.size() == 2 && ends[0].is_number() && ends[1].is_number()) {
    share.low = ends[0].get<double>();
    share.high = ends[1].get<double>();
  }
  return share;
}

std::string share_cell(const std::optional<Share>& share) {
  if (!share) return "–";
  const std::string value = fmt::format("{:.1f}", share->value * 100);
  if (!share->low || !share->high) return value;
  return fmt::format("{} <small>[{:.1f}, {:.1f}]</small>", value, *share->low * 100, *share->high * 100);
}

std::string percent(std::optional<double> share) { return share ? fmt::format("{:.1f} %", *share * 100) : "–"; }

std::string percent(const std::optional<Share>& share) {
  if (!share) return "–";
  if (!share->low || !share->high) return percent(std::optional(share->value));
  return fmt::format("{:.1f} % [{:.1f}, {:.1f}]", share->value * 100, *share->low * 100, *share->high * 100);
}

std::string magnitude(std::optional<double> value) {
  if (!value) return "–";
  for (const auto& [unit, name] : {std::pair{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}) {
    if (std::abs(*value) >= unit) return fmt::format("{:.1f} {}", *value / unit, name);
  }
  return fmt::format("{:.4g}", *value);
}

std::string epsilon_text(double epsilon, const std::string& norm) {
  if (norm != "linf") return fmt::format("{:.4g}", epsilon);
  return fmt::format("{:.6g}/255", std::round(epsilon * 255 * 1e4) / 1e4 + 0.0);
}

std::string short_id(const std::string& id) {
  const auto colon = id.find(':');
  const std::filesystem::path path(id.substr(0, colon));
  std::string name = path.filename().string();
  if (path.extension() == ".safetensors" || path.extension() == ".pt") name = path.stem().string();
  if (name == "model" && path.has_parent_path()) name = path.parent_path().filename().string();
  return colon == std::string::npos ? name : name + " " + id.substr(colon + 1);
}

}  // namespace aigis::plotting
