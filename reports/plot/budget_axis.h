// The axis of all curves over the budget of an attack.
#pragma once

#include "reports/plot/lines.h"

namespace aigis::plotting {

/// A budget in the unit of the axis: 1/255 for linf, else that of the norm.
double on_budget_axis(double epsilon, const std::string& norm);

/// Makes the budgets of all points, as on_budget_axis() gives them, the panel's axis.
void set_budget_axis(LinePanel& panel, const std::vector<LineSeries>& series, const std::string& norm);

}  // namespace aigis::plotting
