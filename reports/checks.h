// The checks of a report: which of its claims of robustness stand.
#pragma once

#include <string>
#include <vector>

#include "lib/eval/finding.h"
#include "reports/plot/runs.h"
#include "reports/report.h"

namespace aigis {

/// What checks found, for each model and defense, with what the runs themselves tell of gradients, budgets, best
/// iterates and clean accuracy. `models` and `runs` as in the report, the latter in the order model, run, epsilon.
Json checks_json(const SweepPlan& plan, const SweepResult& result, const std::vector<std::vector<Finding>>& findings,
                 const std::vector<ReportedModel>& models, const Json& runs);

/// Puts what was raised beside the numbers that it concerns.
void add_flags(const Json& checks, Json& runs);

/// A line for each model and defense of a list of one report: how many checks passed, and what the others say.
std::string checks_text(const plotting::RunList& list);

/// A line for each kind of flag that runs of such a list have and no check is named after.
std::string flags_text(const plotting::RunList& list);

}  // namespace aigis
