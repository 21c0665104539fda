#include "reports/report_text.h"

#include <algorithm>

#include "lib/core/files.h"

namespace aigis {
namespace {

/// The first only: what a report says of itself stands before all other hashes.
std::string with_first_replaced(std::string text, const std::string& what, const std::string& by) {
  const size_t place = text.find(what);
  if (place != std::string::npos) text.replace(place, what.size(), by);
  return text;
}

}  // namespace

std::string report_text(const Json& report) {
  const std::string text = report.dump(1) + "\n";
  return with_first_replaced(text, kNoTextHash, sha256(text));
}

std::optional<std::string> said_hash(const std::string& text) {
  const std::string key = "text_sha256";
  const size_t found = text.find(key);
  if (found == std::string::npos) return std::nullopt;
  const char* const digits = "0123456789abcdef";  // whatever stands before them, where it was changed, too
  const size_t begin = text.find_first_of(digits, found + key.size());
  if (begin == std::string::npos) return std::nullopt;
  return text.substr(begin, std::min(text.find_first_not_of(digits, begin), text.size()) - begin);
}

std::optional<std::string> said_version(const std::string& text) {
  const std::string before = "{\n \"schema\": \"aigis-report\",\n \"version\": \"";
  const size_t end = text.starts_with(before) ? text.find('"', before.size()) : std::string::npos;
  if (end == std::string::npos) return std::nullopt;
  return text.substr(before.size(), end - before.size());
}

std::string text_hash(const std::string& text, const std::string& said) {
  return sha256(with_first_replaced(text, said, kNoTextHash));
}

}  // namespace aigis
