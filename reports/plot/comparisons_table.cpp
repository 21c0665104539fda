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
std::string row(const RunList& list, const Compared& compared, bool clean) {
  const PlottedRun *first = compared.leader(), *second = compared.follower();
  std::vector<std::string> texts{list.models[first->model].label, list.models[second->model].label};
  if (!clean) texts.push_back(first->attack);
  texts.push_back(first->setting);
  if (!clean) texts.push_back(compared.budget);
  std::string cells;
  for (const std::string& text : texts) cells += fmt::format("<td>{}</td>", escape(text));
  cells += fmt::format("<td class=\"number\">{}</td><td class=\"number\">{:.2g}</td>", compared.points(first),
                       number_at(*compared.entry, {"p_holm"}).value_or(1));
  return "<tr>" + cells + "</tr>\n";
}

/// Those that are decided, below how many there are; empty without any.
std::string table(const RunList& list, const std::vector<Compared>& all, bool clean) {
  if (all.empty()) return "";
  std::string rows, heads;
  size_t decided = 0;
  for (const Compared& compared : all) {
    if (!compared.is_decided()) continue;
    ++decided;
    rows += row(list, compared, clean);
  }
  const std::string lead =
      fmt::format("<p class=\"lead\">{} of {} comparisons of two models on the same images {} are decided{}</p>\n",
                  decided, all.size(), clean ? "without an attack" : "under attack",
                  clean ? " (a paired test, corrected for the number of such comparisons by Holm, below 5 %): who "
                          "leads is more accurate, which says nothing of robustness."
                        : ": the interval of the difference excludes 0, and its paired test, corrected for the number "
                          "of such comparisons of its report (Holm; since version 1.17 those under the worst of "
                          "all attacks apart), stays below 5 %. Where images have one draw the test at one budget is "
                          "McNemar's. Over all budgets accuracy is the mean from 0 to the largest, and its interval a "
                          "bootstrap over images. The others may be chance.");
  if (decided == 0) return lead;
  std::vector<const char*> titles{"More robust", "Less robust", "Attack", "Defense and access", "ε"};
  if (clean) titles = {"More accurate", "Less accurate", "Defense and access"};
  titles.insert(titles.end(), {"Difference (points) [95 %]", "p (Holm)"});
  for (const char* title : titles) heads += fmt::format("<th scope=\"col\">{}</th>", title);
  return lead +
         scrolled(clean ? "Table of comparisons without an attack" : "Table of comparisons",
                  fmt::format("<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n", heads, rows));
}

}  // namespace

std::string comparisons_table(const std::vector<Json>& files) {
  const RunList list = join_runs(files);
  std::vector<Compared> attacked, clean;
  const auto append = [](std::vector<Compared>& all, const std::vector<Compared>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  for (size_t f = 0; f < files.size(); ++f) {
    append(attacked, compared_curves(list, f));
    append(attacked, compared_budgets(list, f));
    append(clean, compared_clean(list, f));
  }
  return table(list, attacked, false) + table(list, clean, true);
}

}  // namespace aigis::plotting
