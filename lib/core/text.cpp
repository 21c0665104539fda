#include "lib/core/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "lib/core/error.h"

namespace aigis {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (true) {
    const size_t end = text.find(separator, begin);
    parts.emplace_back(text.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

namespace {

/// One plain decimal number that fills the whole text, and is finite.
bool read_decimal(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

/// Levenshtein distance with swaps of neighbours, which are the commonest slip of a typist.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

double parse_number(std::string_view text, const std::string& what) {
  const std::string trimmed = trim(text);
  const auto slash = trimmed.find('/');
  double numerator = 0, denominator = 1;
  const bool read = slash == std::string::npos
                        ? read_decimal(trimmed, numerator)
                        : read_decimal(std::string_view(trimmed).substr(0, slash), numerator) &&
                              read_decimal(std::string_view(trimmed).substr(slash + 1), denominator);
  if (!read) throw InputError(fmt::format("{}: '{}' is not a number; write it like 0.03 or 8/255", what, text));
  if (denominator == 0) throw InputError(fmt::format("{}: '{}' divides by zero", what, text));
  return numerator / denominator + 0.0;  // 0 for -0
}

int64_t parse_integer(std::string_view text, const std::string& what) {
  const std::string trimmed = trim(text);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  if (error != std::errc() || end != trimmed.data() + trimmed.size()) {
    throw InputError(fmt::format("{}: '{}' is not a whole number", what, text));
  }
  return value;
}

double parse_duration(std::string_view text, const std::string& what) {
  const std::string trimmed = trim(text);
  double unit = 1, value = 0;
  std::string_view digits = trimmed;
  if (!digits.empty()) {
    switch (digits.back()) {
      case 'h': unit = 3600; break;
      case 'm': unit = 60; break;
      case 's': unit = 1; break;
      default: unit = 0;
    }
    if (unit > 0) digits.remove_suffix(1);
    else unit = 1;
  }
  if (!read_decimal(digits, value) || value <= 0) {
    throw InputError(fmt::format("{}: '{}' is not a duration; write it like 90s, 20m or 3h", what, text));
  }
  return value * unit;
}

std::string unknown_name(const std::string& kind, const std::string& given, const std::vector<std::string>& known) {
  const auto nearest = std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
    return edit_distance(given, a) < edit_distance(given, b);
  });
  if (nearest != known.end() && edit_distance(given, *nearest) <= std::max<size_t>(1, nearest->size() / 3)) {
    return fmt::format("unknown {} '{}'; did you mean '{}'?", kind, given, *nearest);
  }
  if (known.empty()) return fmt::format("unknown {} '{}'; none is taken here", kind, given);
  return fmt::format("unknown {} '{}'; known: {}", kind, given, join(known, ", "));
}

bool is_utf8(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(bytes[at]); };
    const unsigned char lead = byte(i);
    const size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length == 0 || i + length > bytes.size()) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    // Longer than it need be, a surrogate, or beyond Unicode's end.
    const unsigned char second = length > 1 ? byte(i + 1) : 0;
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return false;
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return false;
    i += length;
  }
  return true;
}

std::string printable(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') line += "\\n";
    else if (c == '\t') line += "\\t";
    else if (byte < 0x20 || byte == 0x7f) line += fmt::format("\\x{:02x}", byte);
    else line += c;
  }
  return line;
}

std::string one_line(const std::exception& error) {
  const bool is_ours = dynamic_cast<const InputError*>(&error) || dynamic_cast<const RunError*>(&error);
  const std::string message = error.what();
  return printable(is_ours ? message : message.substr(0, message.find('\n')));
}

std::string shortest(double value) { return fmt::format("{}", value); }

}  // namespace aigis
