// What a report says across its runs: checks, comparisons of models, curves over budgets.
#pragma once

#include "reports/report_check.h"

namespace aigis {

/// Holds that they refer to what the report has, and that values of curves lie in their intervals.
void check_across_runs(const ReportCheck& check, const Json& report);

}  // namespace aigis
