// Small helpers on strings: splitting, numbers with fractions, and "did you mean".
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace aigis {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string trim(std::string_view text);

/// Reads "0.03", "8/255" or "1e-3". Throws InputError that names `what` ("epsilon", "option 'quality'").
double parse_number(std::string_view text, const std::string& what);
/// Reads a whole number.
int64_t parse_integer(std::string_view text, const std::string& what);
/// Reads "90", "90s", "20m" or "3h" as seconds.
double parse_duration(std::string_view text, const std::string& what);

/// "unknown attack 'pdg'; did you mean 'pgd'?", or the whole list where nothing is near.
std::string unknown_name(const std::string& kind, const std::string& given, const std::vector<std::string>& known);

/// Whether the bytes are UTF-8 text, as JSON must be.
bool is_utf8(std::string_view bytes);

/// The text as one line that leaves a terminal as it is: control characters as C writes them, "\n" or "\x1b".
std::string printable(std::string_view text);
/// An error's message so; of an error that is not of this program the first line, for LibTorch's carry a stack.
std::string one_line(const std::exception& error);

/// Shortest text that reads back as the same double.
std::string shortest(double value);

}  // namespace aigis
