#include "models/parts/script_failure.h"

#include <c10/util/Exception.h>
#include <torch/csrc/jit/frontend/error_report.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "lib/core/text.h"

namespace aigis {
namespace {

/// Without "[enforce fail at FILE:LINE] CONDITION. ", which says where in LibTorch, and not what.
std::string without_condition(std::string line) {
  const size_t begin = line.find("[enforce fail at "), end = line.find(". ", line.find("] ", begin));
  return end == std::string::npos ? line : line.erase(begin, end + 2 - begin);
}

}  // namespace

std::string script_failure(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  std::string text = torch_error ? torch_error->what_without_backtrace() : error.what();
  const auto is_told = [](const std::string& line) {
    return std::any_of(line.begin(), line.end(), [](unsigned char c) { return std::isalpha(c); });
  };
  std::vector<std::string> lines = split(text, '\n');
  std::erase_if(lines, [&](const std::string& line) { return !is_told(line); });
  if (lines.empty()) return "for no reason that LibTorch tells";
  // An interpreter's report ends with what happened; a parser's begins with it.
  const bool is_parsers = dynamic_cast<const torch::jit::ErrorReport*>(&error) != nullptr;
  const std::string& line = is_parsers ? lines.front() : lines.back();
  std::string sentence = without_condition(line);
  sentence.resize(std::min(sentence.size(), sentence.find(". ")));
  while (!sentence.empty() && std::string_view(" .:\r").find(sentence.back()) != std::string_view::npos) {
    sentence.pop_back();
  }
  return sentence;
}

}  // namespace aigis
