#include "reports/plot/comparisons_table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "reports/plot/compared.h"
#include "reports/plot/scrolled.h"
#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

/// The model that leads comes first.
std::string row(const RunList& list, const Compared& compared) {
  const PlottedRun *first = compared.leader(), *second = compared.follower();
  std::string cells;
  for (const std::string& text : {list.models[first->model].label, list.models[second->model].label, first->attack,
                                  first->setting, compared.budget}) {
    cells += fmt::format("<td>{}</td>", escape(text));
  }
  cells += fmt::format("<td class=\"number\">{}</td><td class=\"number\">{:.2g}</td>", compared.points(first),
                       number_at(*compared.entry, {"p_holm"}).value_or(1));
  return "<tr>" + cells + "</tr>\n";
}

}  // namespace

std::string comparisons_table(const std::vector<Json>& files) {
  const RunList list = join_runs(files);
  std::string rows;
  size_t decided = 0, all = 0;
  for (size_t f = 0; f < files.size(); ++f) {
    for (const auto& group : {compared_curves(list, f), compared_budgets(list, f)}) {
      for (const Compared& compared : group) {
        ++all;
        if (!compared.is_decided()) continue;
        ++decided;
        rows += row(list, compared);
      }
    }
  }
  if (all == 0) return "";
  std::string heads;
  for (const char* head :
       {"More robust", "Less robust", "Attack", "Defense and access", "ε", "Difference (points) [95 %]", "p (Holm)"}) {
    heads += fmt::format("<th scope=\"col\">{}</th>", head);
  }
  const std::string lead = fmt::format(
      "<p class=\"lead\">{} of {} comparisons of two models on the same images are decided: the interval of the "
      "difference excludes 0, and its test, corrected for the number of such comparisons of its report (Holm), stays "
      "below 5 %. At one budget the test is McNemar's, or its normal approximation where images have several draws; "
      "over all budgets accuracy is the mean from 0 to the largest, its interval a bootstrap over images and its test "
      "that approximation. The others may be chance.</p>\n",
      decided, all);
  if (decided == 0) return lead;
  return lead +
         scrolled("Table of comparisons",
                  fmt::format("<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n", heads, rows));
}

}  // namespace aigis::plotting
