// What an attack is given, in the words of options and reports: the defended model, the bare one, or another model that
// its images are made against.
#pragma once

#include <string>

namespace aigis {

inline constexpr const char* kWhiteBox = "white-box";
inline constexpr const char* kGreyBox = "grey-box";

/// "transfer:MODEL"
inline std::string transfer_from(const std::string& model) { return "transfer:" + model; }
/// The model that it names; empty for other words.
inline std::string surrogate_of(const std::string& access) {
  const std::string prefix = transfer_from("");
  return access.starts_with(prefix) ? access.substr(prefix.size()) : "";
}

}  // namespace aigis
