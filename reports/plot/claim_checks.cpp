#include "reports/plot/claim_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/core/text.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

using Checks = std::vector<const Json*>;

/// The runs that a check speaks of.
std::vector<const PlottedRun*> runs_of(const RunList& list, size_t file, const Json& check) {
  std::vector<const PlottedRun*> runs;
  for (const Json& index : at(check, {"runs"})) {
    if (const PlottedRun* run = find_run(list, file, index)) runs.push_back(run);
  }
  return runs;
}

/// Checks of a report on what a run judges, a model behind a defense, whose level is one of these.
Checks checks_on(const RunList& list, const PlottedRun& judged, size_t file, const std::vector<std::string>& levels) {
  Checks found;
  for (const Json& check : at(list.files[file], {"checks"})) {
    const auto runs = runs_of(list, file, check);
    const bool concerns = std::any_of(runs.begin(), runs.end(), [&](const PlottedRun* run) {
      return defended_label(list, *run) == defended_label(list, judged);
    });
    if (concerns && std::find(levels.begin(), levels.end(), text_at(check, {"level"})) != levels.end()) {
      found.push_back(&check);
    }
  }
  return found;
}

/// Each once.
std::vector<std::string> names_of(const Checks& checks) {
  std::vector<std::string> names;
  for (const Json* check : checks) {
    const std::string name = text_at(*check, {"check"});
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

/// The budgets of the runs that a check speaks of, where none of them is that of `run`; empty where one is.
std::string made_elsewhere(const RunList& list, size_t file, const Json& check, const PlottedRun& run) {
  std::vector<std::string> budgets;
  for (const PlottedRun* other : runs_of(list, file, check)) {
    if (other->epsilon == run.epsilon) return "";
    const std::string budget = epsilon_text(other->epsilon, other->norm);
    if (std::find(budgets.begin(), budgets.end(), budget) == budgets.end()) budgets.push_back(budget);
  }
  return join(budgets, ", ");
}

/// Whether a check let another attack try on so few images that it could not have seen a fifth of them fall to it.
bool is_coarse(const Json& check) {
  constexpr double kMost = 0.2;
  return at(check, {"numbers", "gained"}).is_number() && number_at(check, {"smallest_effect"}).value_or(0) > kMost;
}

}  // namespace

std::vector<std::string> raised_against(const RunList& list, const PlottedRun& leader, const PlottedRun& follower,
                                        size_t file) {
  std::vector<std::string> names = names_of(checks_on(list, leader, file, {"warning", "error"}));
  for (const std::string& name : names_of(checks_on(list, follower, file, {"error"}))) {
    names.push_back(name + " of the other");
  }
  return names;
}

std::vector<std::string> left_open(const RunList& list, const PlottedRun& leader, size_t file, bool is_of_curve) {
  std::map<std::string, Checks> reasons;
  for (const Json* check : checks_on(list, leader, file, {"undecided"})) reasons["undecided"].push_back(check);
  for (const Json* check : checks_on(list, leader, file, {"passed"})) {
    const std::string elsewhere = is_of_curve ? "" : made_elsewhere(list, file, *check, leader);
    if (!elsewhere.empty()) reasons["made at " + elsewhere + " alone"].push_back(check);
    else if (is_coarse(*check)) reasons["could not have seen a fifth of the sample fall"].push_back(check);
  }
  std::vector<std::string> open;
  for (const auto& [reason, checks] : reasons) {
    open.push_back(fmt::format("{}: {}", reason, join(names_of(checks), ", ")));
  }
  return open;
}

}  // namespace aigis::plotting
