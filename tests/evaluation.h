// A small evaluation with all checks, and what they say of it.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "checks/list.h"
#include "reports/report.h"
#include "tests/attacks.h"
#include "tests/planted.h"

namespace aigis {

struct Case {
  std::string name;
  std::shared_ptr<Model> model = std::make_shared<PatternNet>();
  std::shared_ptr<const Attack> attack = make_attack("pgd");
  std::shared_ptr<const Defense> defense = nullptr;
  Dataset data = patterned();
  uint64_t seed = 0;
  std::shared_ptr<Model> second = nullptr;         ///< another model of the same sweep
  bool undefended = true;                          ///< the attack runs without the defense, too
  std::shared_ptr<const Attack> before = nullptr;  ///< another attack of the same sweep, listed first
  bool worst_case = false;                         ///< over both
};

inline constexpr double kEpsilon = 0.02;

/// What a checkpoint would record: the accuracy of the honest model on images that it has not seen.
inline Json record() {
  Json json{{"data", "patterns"}};
  for (const char* mode : {"none", "argmax"}) {
    json["held_out"][mode] = {{"value", 0.98}, {"successes", 980}, {"trials", 1000}, {"ci95", {0.969, 0.987}}};
  }
  return json;
}

/// Of an evaluation with all checks.
inline Json report_of(const Case& planted) {
  SweepPlan plan;
  plan.models = {planted.model};
  plan.names = {"m"};
  if (planted.second) {
    plan.models.push_back(planted.second);
    plan.names.emplace_back("second");
  }
  std::vector<std::shared_ptr<const Defense>> defenses{planted.defense};
  if (planted.defense && planted.undefended) defenses.push_back(nullptr);
  std::vector<std::shared_ptr<const Attack>> attacks{planted.attack};
  if (planted.before) attacks.insert(attacks.begin(), planted.before);
  plan.runs = plan_runs(attacks, defenses, {Access{}}, planted.worst_case);
  plan.epsilons = {kEpsilon / 2, kEpsilon};
  plan.data = planted.data;
  plan.seed = planted.seed;
  Journal journal;
  const SweepResult result = run_sweep(plan, journal);
  const auto findings = run_checks(plan, result, CheckLevel::full, journal);
  ReportContext context;
  context.tool = context.environment = context.config = Json::object();
  for (size_t m = 0; m < plan.models.size(); ++m) {
    context.models.push_back(
        {plan.names[m], "m.safetensors", std::string(64, '0'), record(), {}, plan.models[m]->card()});
  }
  return make_report(plan, result, findings, context);
}

/// Those of the first model.
inline Json checks_of(const Case& planted) {
  const Json report = report_of(planted);
  const size_t runs = report["runs"].size() / report["models"].size();
  Json checks = Json::array();
  for (const Json& check : report["checks"]) {
    if (check["runs"][0] < runs) checks.push_back(check);
  }
  return checks;
}

inline std::set<std::string> raised(const Json& checks) {
  std::set<std::string> names;
  for (const Json& check : checks) {
    if (check["level"] == "warning" || check["level"] == "error") names.insert(check["check"]);
  }
  return names;
}

inline std::string level_of(const Json& checks, const std::string& name) {
  for (const Json& check : checks) {
    if (check["check"].get<std::string>() == name) return check["level"];
  }
  return "absent";
}

}  // namespace aigis
