#include "reports/plot/budget_axis.h"

#include <cmath>
#include <set>

namespace aigis::plotting {
namespace {

std::string axis_label(const std::string& norm, Scale scale) {
  const std::string unit = norm == "linf" ? "Largest change of a pixel value, ε in units of 1/255"
                           : norm == "l2" ? "L2 norm of the change, ε with pixels in [0, 1]"
                           : norm == "l1" ? "L1 norm of the change, ε with pixels in [0, 1]"
                                          : "Pixel values that are changed, ε";
  return unit + (scale == Scale::log1p ? ", on the scale log(1 + ε)" : "");
}

}  // namespace

double on_budget_axis(double epsilon, const std::string& norm) {
  return norm == "linf" ? std::round(epsilon * 255 * 1e6) / 1e6 : epsilon;
}

void set_budget_axis(LinePanel& panel, const std::vector<LineSeries>& series, const std::string& norm) {
  std::set<double> budgets;
  for (const auto& line : series) {
    for (const auto& point : line.points) budgets.insert(point.x);
  }
  if (!budgets.empty()) panel.x_high = *budgets.rbegin();
  const auto smallest = budgets.upper_bound(0);
  // Budgets that double up to half the range of a pixel would crowd at the left.
  if (smallest != budgets.end() && panel.x_high > 60 * *smallest) panel.x_scale = Scale::log1p;
  panel.x_label = axis_label(norm, panel.x_scale);
  panel.x_ticks.assign(budgets.begin(), budgets.end());
}

}  // namespace aigis::plotting
