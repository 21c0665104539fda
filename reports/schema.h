// The files that this program writes for others to read, held to their JSON Schemas (reports/schema/).
#pragma once

#include <string>
#include <string_view>

#include "lib/core/json.h"

namespace aigis {

/// Checks a report or a train.json: its `schema` and major `version` are known, it satisfies that schema, and its
/// parts fit each other (reports/consistency.h). Throws InputError, one line that names `path`, the JSON pointer of
/// what is wrong and what was expected there.
void validate_report(const Json& report, const std::string& path);

/// Reads and validates the text of a file. What is not JSON, or cut off, is an InputError that says where.
Json parse_report(std::string_view text, const std::string& path);
Json read_report(const std::string& path);

}  // namespace aigis
