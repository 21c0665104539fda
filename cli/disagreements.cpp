#include "cli/disagreements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "reports/report.h"

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
                                          "aside",
                                          "without_answer",
                                          "dtype"};

/// Ends of pointers to what means what it means now, or is estimated as it is now, since a minor version.
const std::vector<std::pair<std::string, int64_t>> kRedefined{{"/robust_quantized", 2},
                                                              {"/ci95", 11},
                                                              {"/per_layer_ci95", 11},
                                                              {"/per_class_ci95", 11},
                                                              {"/on_target", 13},
                                                              {"/l1", 13},
                                                              {"/gates/before/ci95", 15},
                                                              {"/gates/after/ci95", 15},
                                                              {"/flipped/ci95", 15},
                                                              {"/flipped/ci95_on_clean_redraw", 15},
                                                              {"/likeness/before_ci95", 15},
                                                              {"/likeness/after_ci95", 15},
                                                              {"/macs/ci95/before", 15},
                                                              {"/macs/ci95/after", 15}};

bool meant_something_else(const std::string& pointer, int64_t minor) {
  return std::any_of(kRedefined.begin(), kRedefined.end(), [&](const auto& redefined) {
    return pointer.ends_with(redefined.first) && minor < redefined.second;
  });
}

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

void compare_within(const Json& said, const Json& found, const std::string& pointer, int64_t minor,
                    std::vector<std::string>& disagreements, bool is_outermost) {
  if (found.is_object() && said.is_object()) {
    for (const auto& [key, value] : found.items()) {
      if (meant_something_else(pointer + "/" + key, minor)) continue;
      const bool is_later = minor < kReportMinor && (pointer.ends_with("/options") || contains(kLaterKeys, key));
      if (said.contains(key)) {
        compare_within(said[key], value, pointer + "/" + key, minor, disagreements, false);
      } else if (!is_later) {
        disagreements.push_back(fmt::format("{}/{} is missing; it is {}", pointer, key, value.dump()));
      }
    }
    for (const auto& [key, value] : said.items()) {
      if (!is_outermost && !found.contains(key)) disagreements.push_back(fmt::format("{}/{} is not so", pointer, key));
    }
  } else if (found.is_array() && said.is_array() && found.size() == said.size()) {
    for (size_t i = 0; i < found.size(); ++i) {
      compare_within(said[i], found[i], fmt::format("{}/{}", pointer, i), minor, disagreements, false);
    }
  } else if (!agree(said, found)) {
    disagreements.push_back(fmt::format("{} is {}, the report says {}", pointer, found.dump(), said.dump()));
  }
}

}  // namespace

void compare(const Json& said, const Json& found, const std::string& pointer, int64_t minor,
             std::vector<std::string>& disagreements) {
  compare_within(said, found, pointer, minor, disagreements, true);
}

}  // namespace aigis
