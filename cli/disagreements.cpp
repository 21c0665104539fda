#include "cli/disagreements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aigis {
namespace {

/// Keys that a minor version added: a report of an earlier one lacks them.
const std::vector<std::string> kLaterKeys{"clean_top5",
                                          "robust_top5",
                                          "l1",
                                          "on_target",
                                          "label_kept",
                                          "stages",
                                          "recovery",
                                          "comparisons",
                                          "to_success",
                                          "l0",
                                          "swap",
                                          "distribution",
                                          "ci95",
                                          "spread",
                                          "monitor",
                                          "exceedance",
                                          "per_layer_ci95",
                                          "ci95_on_clean_redraw",
                                          "likeness",
                                          "aim",
                                          "per_class_ci95",
                                          "before_ci95",
                                          "after_ci95",
                                          "aside"};

/// Keys that mean something else in a report of an earlier version.
const std::vector<std::string> kRedefinedKeys{"robust_quantized"};

bool contains(const std::vector<std::string>& list, const std::string& key) {
  return std::find(list.begin(), list.end(), key) != list.end();
}

bool agree(const Json& said, const Json& found) {
  // Sums of fractions may be rounded in another order; whole numbers are exact.
  if (!said.is_number() || !found.is_number() || (said.is_number_integer() && found.is_number_integer())) {
    return said == found;
  }
  const double value = found.get<double>();
  return std::abs(said.get<double>() - value) <= 1e-6 * std::max(1.0, std::abs(value));
}

void compare_within(const Json& said, const Json& found, const std::string& pointer, bool is_earlier,
                    std::vector<std::string>& disagreements, bool is_outermost) {
  if (found.is_object() && said.is_object()) {
    for (const auto& [key, value] : found.items()) {
      if (is_earlier && contains(kRedefinedKeys, key)) continue;
      const bool is_later = is_earlier && (pointer.ends_with("/options") || contains(kLaterKeys, key));
      if (said.contains(key)) {
        compare_within(said[key], value, pointer + "/" + key, is_earlier, disagreements, false);
      } else if (!is_later) {
        disagreements.push_back(fmt::format("{}/{} is missing; it is {}", pointer, key, value.dump()));
      }
    }
    for (const auto& [key, value] : said.items()) {
      if (!is_outermost && !found.contains(key)) disagreements.push_back(fmt::format("{}/{} is not so", pointer, key));
    }
  } else if (found.is_array() && said.is_array() && found.size() == said.size()) {
    for (size_t i = 0; i < found.size(); ++i) {
      compare_within(said[i], found[i], fmt::format("{}/{}", pointer, i), is_earlier, disagreements, false);
    }
  } else if (!agree(said, found)) {
    disagreements.push_back(fmt::format("{} is {}, the report says {}", pointer, found.dump(), said.dump()));
  }
}

}  // namespace

void compare(const Json& said, const Json& found, const std::string& pointer, bool is_earlier,
             std::vector<std::string>& disagreements) {
  compare_within(said, found, pointer, is_earlier, disagreements, true);
}

}  // namespace aigis
