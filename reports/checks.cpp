#include "reports/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lib/core/text.h"
#include "reports/flag_checks.h"
#include "reports/flags.h"
#include "reports/plot/value.h"

namespace aigis {
namespace {

Json entry(const std::string& check, const char* level, const std::string& message, const Json& numbers, int64_t count,
           const Json& smallest_effect, const Json& runs) {
  return {{"check", check},     {"level", level}, {"message", message},
          {"numbers", numbers}, {"count", count}, {"smallest_effect", smallest_effect},
          {"runs", runs}};
}

int severity(const std::string& level) { return level == "error" ? 3 : level == "warning" ? 2 : 1; }

/// How much of what it tells of there is: the first of its numbers.
double extent(const Json& flag) {
  const Json& numbers = flag["numbers"];
  return numbers.empty() || !numbers.begin()->is_number() ? 0 : numbers.begin()->get<double>();
}

bool is_worse(const Json& flag, const Json& other) {
  return std::pair(severity(flag["level"]), extent(flag)) > std::pair(severity(other["level"]), extent(other));
}

/// The worst of the flags that a check goes by; passed where none of these runs has one.
Json from_flags(const FlagCheck& check, const Looked& looked, const std::vector<size_t>& indices, const Json& runs) {
  Json worst, concerned = Json::array();
  for (const size_t index : indices) {
    bool has = false;
    for (const Json& flag : runs[index]["flags"]) {
      if (std::find(check.flags.begin(), check.flags.end(), flag["check"].get_ref<const std::string&>()) ==
          check.flags.end()) {
        continue;
      }
      has = true;
      if (worst.is_null() || is_worse(flag, worst)) worst = flag;
    }
    if (has) concerned.push_back(index);
  }
  const Json smallest = looked.smallest_effect ? Json(*looked.smallest_effect) : Json();
  if (worst.is_null()) {
    return entry(check.name, "passed", check.passed, looked.numbers, looked.count, smallest, indices);
  }
  const bool is_info = worst["level"] == "info";
  std::string message = worst["message"];
  if (concerned.size() > 1) {
    message += fmt::format("; in {} runs, of which this is {}", concerned.size(), is_info ? "one" : "the worst");
  }
  return entry(check.name, is_info ? "undecided" : worst["level"].get_ref<const std::string&>().c_str(), message,
               worst["numbers"], looked.count, smallest, concerned);
}

bool is_raised(const Json& check) { return check["level"] == "warning" || check["level"] == "error"; }

}  // namespace

Json checks_json(const SweepPlan& plan, const SweepResult& result, const std::vector<std::vector<Finding>>& findings,
                 const std::vector<ReportedModel>& models, const Json& runs) {
  Json checks = Json::array();
  const size_t budgets = plan.epsilons.size();
  if (plan.data.size() == 0) return checks;
  for (size_t m = 0; m < findings.size(); ++m) {
    const auto place = [&](size_t r, size_t e) { return (m * plan.runs.size() + r) * budgets + e; };
    for (const std::vector<size_t>& group : runs_by_defense(plan.runs)) {
      std::vector<size_t> places;
      for (const size_t r : group) {
        for (size_t e = 0; e < budgets; ++e) places.push_back(place(r, e));
      }
      const FlaggedRuns flagged{plan, result, models[m], m, group};
      for (const FlagCheck& check : flag_checks()) {
        const Looked looked = check.look(flagged);
        if (looked.count > 0) checks.push_back(from_flags(check, looked, places, runs));
      }
      for (const Finding& finding : findings[m]) {
        if (plan.runs[finding.of.front().first].defense != plan.runs[group.front()].defense) continue;
        Json concerned = Json::array();
        for (const auto& [r, e] : finding.of) concerned.push_back(place(r, e));
        checks.push_back(entry(finding.check, Finding::level_name(finding.level), finding.message, finding.numbers,
                               finding.count, finding.smallest_effect ? Json(*finding.smallest_effect) : Json(),
                               concerned));
      }
    }
  }
  return checks;
}

void add_flags(const Json& checks, Json& runs) {
  for (const Json& check : checks) {
    const auto& known = flag_checks();
    const auto& name = check["check"].get_ref<const std::string&>();
    const bool is_flag = std::any_of(known.begin(), known.end(), [&](const auto& k) { return k.name == name; });
    if (is_flag || !is_raised(check)) continue;
    for (const Json& index : check["runs"]) {
      runs[index.get<size_t>()]["flags"].push_back({{"check", check["check"]},
                                                    {"level", check["level"]},
                                                    {"message", check["message"]},
                                                    {"numbers", check["numbers"]}});
    }
  }
}

std::string checks_text(const plotting::RunList& list) {
  struct Lines {
    int64_t passed = 0;
    std::vector<std::string> undecided;
    std::string raised;
  };
  std::map<std::string, Lines> subjects;
  std::vector<std::string> order;
  for (const Json& check : plotting::at(list.files.front(), {"checks"})) {
    const auto* run = plotting::find_run(list, 0, check["runs"][0]);
    if (run == nullptr) continue;
    const std::string name = plotting::defended_label(list, *run);
    if (!subjects.contains(name)) order.push_back(name);
    Lines& lines = subjects[name];
    if (check["level"] == "passed") ++lines.passed;
    else if (check["level"] == "undecided") lines.undecided.push_back(check["check"]);
    else {
      lines.raised += fmt::format("  {}: {} ({})\n", check["level"].get<std::string>(),
                                  check["message"].get<std::string>(), check["check"].get<std::string>());
    }
  }
  std::string text;
  for (const auto& name : order) {
    const Lines& lines = subjects[name];
    text += fmt::format("checks of {}: {} passed", name, lines.passed);
    if (!lines.undecided.empty()) text += fmt::format("; undecided: {}", join(lines.undecided, ", "));
    text += lines.raised.empty() ? "\n" : "; raised:\n" + lines.raised;
  }
  return text;
}

std::string flags_text(const plotting::RunList& list) {
  std::set<std::string> told;  // by checks
  for (const Json& check : plotting::at(list.files.front(), {"checks"})) told.insert(check["check"]);
  for (const FlagCheck& check : flag_checks()) {
    if (told.contains(check.name)) told.insert(check.flags.begin(), check.flags.end());
  }
  struct Kind {
    const Json* first;
    int64_t runs = 0;
  };
  std::map<std::string, size_t> places;
  std::vector<Kind> kinds;
  const Json& runs = plotting::at(list.files.front(), {"runs"});
  for (const Json& run : runs) {
    for (const Json& flag : run["flags"]) {
      if (told.contains(flag["check"].get<std::string>())) continue;
      const auto [place, is_new] = places.emplace(kind_of_flag(flag), kinds.size());
      if (is_new) kinds.push_back({&flag});
      ++kinds[place->second].runs;
    }
  }
  std::string text = kinds.empty() ? "" : "flags of runs:\n";
  for (const auto& [first, count] : kinds) {
    const auto word = [flag = first](const char* key) { return (*flag)[key].get<std::string>(); };
    text += fmt::format("  {}: {} ({}, {} of {} runs; told of the first)\n", word("level"), word("message"),
                        word("check"), count, runs.size());
  }
  return text;
}

}  // namespace aigis
