// The JSON type used everywhere, and the one way to read it: keys keep the order in which they were written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace aigis {

using Json = nlohmann::ordered_json;

/// Parses a text. Throws InputError that begins with `name` (a path) and says what is wrong and where, if it is no
/// JSON, holds a number out of range, an object with the same key twice, or more than 64 levels of nesting (all further
/// work on JSON is recursive).
Json parse_json(std::string_view text, const std::string& name, bool with_comments = false);

/// A string's characters; of other values the JSON.
std::string text_of(const Json& value);

}  // namespace aigis

// Compiled once, in json.cpp; every file that holds a Json would compile them again.
extern template class nlohmann::basic_json<nlohmann::ordered_map>;
extern template class nlohmann::detail::serializer<nlohmann::ordered_json>;
