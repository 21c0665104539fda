#include "reports/report_text.h"

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

std::string text_hash(const std::string& text, const std::string& said) {
  return sha256(with_first_replaced(text, said, kNoTextHash));
}

}  // namespace aigis
