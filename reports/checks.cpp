#include "reports/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/core/text.h"
#include "reports/beyond_noise.h"
#include "reports/plot/runs.h"

namespace aigis {
namespace {

/// What is known of every run, and stands in its flags.
struct FlagCheck {
  const char* name;
  std::vector<std::string> flags;
  const char* passed;
  /// How much there was to look at for run `r` of the plan against model `m` at budget `e`; null: always enough.
  int64_t (*seen)(const SweepPlan& plan, size_t m, size_t r, size_t e, const CellTally& cell) = nullptr;
};
const std::vector<FlagCheck>& flag_checks() {
  static const std::vector<FlagCheck> checks{
      {"clean-accuracy",
       {"clean-accuracy", "clean-accuracy-unchecked"},
       "clean accuracy is what the checkpoint records"},
      {"classes", {"class-names"}, "the data's classes are the checkpoint's"},
      {"logits", {"probabilities"}, "the model answers with logits"},
      {"gradients",
       {"zero-gradient", "gradient-not-finite"},
       "no gradient was zero, NaN or infinite",
       [](const SweepPlan&, size_t, size_t, size_t, const CellTally& cell) { return cell.audit.backward; }},
      {"budget", {"budget", "box", "proposal-not-finite"}, "no attack left its budget or the box"},
      {"best-iterate",
       {"best-iterate"},
       "no attack let go of an image that it had broken",
       [](const SweepPlan&, size_t, size_t, size_t, const CellTally& cell) { return cell.watched; }},
      {"beyond-noise",
       {"noise-as-strong"},
       "every attack did more than the noise beside it",
       [](const SweepPlan& plan, size_t m, size_t r, size_t e, const CellTally&) {
         return static_cast<int64_t>(is_held_against_noise(plan, m, r, e));
       }},
  };
  return checks;
}

Json entry(const std::string& check, const char* level, const std::string& message, const Json& numbers, int64_t count,
           const Json& smallest_effect, const Json& runs) {
  return {{"check", check},     {"level", level}, {"message", message},
          {"numbers", numbers}, {"count", count}, {"smallest_effect", smallest_effect},
          {"runs", runs}};
}

int severity(const std::string& level) { return level == "error" ? 3 : level == "warning" ? 2 : 1; }

/// The worst of the flags that a check goes by; passed where none of these runs has one.
Json from_flags(const FlagCheck& check, const std::vector<size_t>& indices, const Json& runs) {
  Json worst, concerned = Json::array();
  for (const size_t index : indices) {
    bool has = false;
    for (const Json& flag : runs[index]["flags"]) {
      if (std::find(check.flags.begin(), check.flags.end(), flag["check"].get_ref<const std::string&>()) ==
          check.flags.end())
        continue;
      has = true;
      if (worst.is_null() || severity(flag["level"]) > severity(worst["level"])) worst = flag;
    }
    if (has) concerned.push_back(index);
  }
  const Json count = runs[indices.front()]["count"];
  if (worst.is_null()) return entry(check.name, "passed", check.passed, Json::object(), count, nullptr, indices);
  const std::string level = worst["level"];
  std::string message = worst["message"];
  if (concerned.size() > 1) message += fmt::format("; in {} runs, of which this is one", concerned.size());
  return entry(check.name, level == "info" ? "undecided" : level.c_str(), message, worst["numbers"], count, nullptr,
               concerned);
}

bool is_raised(const Json& check) { return check["level"] == "warning" || check["level"] == "error"; }

}  // namespace

Json checks_json(const SweepPlan& plan, const SweepResult& result, const std::vector<std::vector<Finding>>& findings,
                 const Json& runs) {
  Json checks = Json::array();
  const size_t budgets = plan.epsilons.size();
  if (plan.data.size() == 0) return checks;
  const bool some_bare = std::any_of(plan.runs.begin(), plan.runs.end(), [](const Run& run) { return !run.defense; });
  for (size_t m = 0; m < findings.size(); ++m) {
    const auto place = [&](size_t r, size_t e) { return (m * plan.runs.size() + r) * budgets + e; };
    std::map<const Defense*, std::vector<size_t>> by_defense;  // runs of the plan
    std::vector<const Defense*> order;
    for (size_t r = 0; r < plan.runs.size(); ++r) {
      const Defense* defense = plan.runs[r].defense.get();
      if (!by_defense.contains(defense)) order.push_back(defense);
      by_defense[defense].push_back(r);
    }
    for (const Defense* defense : order) {
      std::vector<size_t> places;
      for (const size_t r : by_defense[defense]) {
        for (size_t e = 0; e < budgets; ++e) places.push_back(place(r, e));
      }
      for (const FlagCheck& check : flag_checks()) {
        // Clean accuracy is compared without a defense, where that was run.
        if (check.name == std::string("clean-accuracy") && defense != nullptr && some_bare) continue;
        int64_t seen = check.seen == nullptr;
        for (const size_t r : by_defense[defense]) {
          const std::vector<CellTally>& cells = result.tallies[m][r].cells;
          for (size_t e = 0; e < budgets && check.seen; ++e) seen += check.seen(plan, m, r, e, cells[e]);
        }
        if (seen > 0) checks.push_back(from_flags(check, places, runs));
      }
      for (const Finding& finding : findings[m]) {
        if (plan.runs[finding.of.front().first].defense.get() != defense) continue;
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
    const bool is_flag =
        std::any_of(known.begin(), known.end(), [&](const auto& k) { return k.name == check["check"]; });
    if (is_flag || !is_raised(check)) continue;
    for (const Json& index : check["runs"]) {
      runs[index.get<size_t>()]["flags"].push_back({{"check", check["check"]},
                                                    {"level", check["level"]},
                                                    {"message", check["message"]},
                                                    {"numbers", check["numbers"]}});
    }
  }
}

std::string checks_text(const Json& report) {
  const Json checks = report.value("checks", Json::array());
  struct Lines {
    int64_t passed = 0;
    std::vector<std::string> undecided;
    std::string raised;
  };
  const std::vector<Json> files{report};
  const plotting::RunList list = plotting::join_runs(files);
  std::map<std::string, Lines> subjects;
  std::vector<std::string> order;
  for (const Json& check : checks) {
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

}  // namespace aigis
