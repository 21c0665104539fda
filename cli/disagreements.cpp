#include "cli/disagreements.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/report_version.h"

namespace aigis {
namespace {

/// A minor version that changed what a report says somewhere.
struct Change {
  const char* where;
  int64_t since;
};

/// Keys that a report of an earlier version lacks, of those that are held against what is found.
const std::vector<Change> kLaterKeys{{"clean_top5", 1},
                                     {"robust_top5", 1},
                                     {"l1", 2},
                                     {"on_target", 2},
                                     {"label_kept", 3},
                                     {"recovery", 4},
                                     {"l0", 4},
                                     {"swap", 5},
                                     {"distribution", 5},
                                     {"ci95", 7},
                                     {"per_layer_ci95", 7},
                                     {"ci95_on_clean_redraw", 7},
                                     {"likeness", 7},
                                     {"spread", 7},
                                     {"monitor", 7},
                                     {"exceedance", 7},
                                     {"aim", 8},
                                     {"per_class_ci95", 9},
                                     {"before_ci95", 9},
                                     {"after_ci95", 9},
                                     {"without_answer", 12},
                                     {"dtype", 14},
                                     {"own", 17},
                                     {"most", 17}};

/// Ends of pointers to what meant something else in a report of an earlier version, or was estimated otherwise.
const std::vector<Change> kRedefined{{"/robust_quantized", 2},
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
                                     {"/macs/ci95/after", 15},
                                     {"/macs/expected", 19},
                                     {"/p", 17},
                                     {"/p_holm", 17},
                                     {"/more_robust", 17}};

bool meant_something_else(const std::string& pointer, int64_t minor) {
  return std::any_of(kRedefined.begin(), kRedefined.end(), [&](const Change& redefined) {
    return pointer.ends_with(redefined.where) && minor < redefined.since;
  });
}

bool came_later(const std::string& key, int64_t minor) {
  return std::any_of(kLaterKeys.begin(), kLaterKeys.end(),
                     [&](const Change& added) { return key == added.where && minor < added.since; });
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
      const std::string place = pointer + "/" + key;
      const bool is_later = (minor < kReportVersion.minor && pointer.ends_with("/options")) || came_later(key, minor);
      if (said.contains(key)) {
        if (meant_something_else(place, minor)) continue;
        compare_within(said[key], value, place, minor, disagreements, false);
      } else if (!is_later) {
        disagreements.push_back(fmt::format("{} is missing; it is {}", place, value.dump()));
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
