// The text of a report's file, which holds its own SHA-256: whatever is changed in it later shows, be it one byte.
#pragma once

#include <optional>
#include <string>

#include "lib/core/json.h"

namespace aigis {

/// "text_sha256" of a report until it is written, and in the text whose hash that is.
inline constexpr const char* kNoTextHash = "0000000000000000000000000000000000000000000000000000000000000000";

/// What the file of a report holds: its hash comes into the place of kNoTextHash.
std::string report_text(const Json& report);

/// What a report's text says of its own hash, also if it is no JSON any more; none where it does not.
std::optional<std::string> said_hash(const std::string& text);

/// The version of a report whose text begins as report_text() writes it, also if it is no JSON any more; else none.
std::optional<std::string> said_version(const std::string& text);

/// The hash of a report's text that says, of itself, `said`.
std::string text_hash(const std::string& text, const std::string& said);

}  // namespace aigis
