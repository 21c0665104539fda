#include "reports/plot/comparisons_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

std::string points(std::optional<double> share) { return share ? fmt::format("{:+.1f}", 100 * *share) : "–"; }

const Json& item(const Json& list, const Json& index) {
  static const Json nothing;
  const bool known = list.is_array() && index.is_number_unsigned() && index.get<size_t>() < list.size();
  return known ? list[index.get<size_t>()] : nothing;
}

/// Turned so that the model that leads comes first. `a` and `b` are runs, `budget` what they were compared at.
std::string row(const Json& entry, const Json& difference, const Json& ends, const Json& a, const Json& b,
                const std::string& budget) {
  const bool a_leads = text_at(entry, {"more_robust"}) == text_at(a, {"model"});
  const double sign = a_leads ? 1 : -1;
  const auto turned = [&](std::optional<double> value) { return value ? std::optional(sign * *value) : std::nullopt; };
  std::optional<double> low, high;
  if (ends.is_array() && ends.size() == 2 && ends[0].is_number() && ends[1].is_number()) {
    low = turned(ends[a_leads ? 0 : 1].get<double>());
    high = turned(ends[a_leads ? 1 : 0].get<double>());
  }
  std::string cells;
  const std::string setting = text_at(a, {"defense", "name"}) == "none"
                                  ? "no defense"
                                  : display_name(text_at(a, {"defense", "name"})) + ", " + text_at(a, {"access"});
  for (const std::string& text :
       {short_id(text_at(a_leads ? a : b, {"model"})), short_id(text_at(a_leads ? b : a, {"model"})),
        display_name(text_at(a, {"attack", "name"})), setting, budget}) {
    cells += fmt::format("<td>{}</td>", escape(text));
  }
  const auto ahead = difference.is_number() ? std::optional(difference.get<double>()) : std::nullopt;
  cells += fmt::format("<td class=\"number\">{} <small>[{}, {}]</small></td><td class=\"number\">{:.2g}</td>",
                       points(turned(ahead)), points(low), points(high), number_at(entry, {"p_holm"}).value_or(1));
  return "<tr>" + cells + "</tr>\n";
}

std::string budget_of(const Json& run) {
  return epsilon_text(number_at(run, {"epsilon"}).value_or(0), text_at(run, {"norm"}));
}

/// Rows of what is decided, and how many comparisons there are.
struct Rows {
  std::string html;
  size_t decided = 0, all = 0;
};

Rows budget_rows(const Json& file) {
  Rows rows;
  const Json &comparisons = at(file, {"comparisons"}), &runs = at(file, {"runs"});
  if (!comparisons.is_array()) return rows;
  for (const Json& entry : comparisons) {
    ++rows.all;
    const Json &a = item(runs, at(entry, {"run_a"})), &b = item(runs, at(entry, {"run_b"}));
    if (at(entry, {"more_robust"}).is_null() || a.is_null() || b.is_null()) continue;
    ++rows.decided;
    rows.html += row(entry, at(entry, {"difference"}), at(entry, {"ci95"}), a, b, budget_of(a));
  }
  return rows;
}

/// Of whole curves, from 0 to the largest budget.
Rows curve_rows(const Json& file) {
  Rows rows;
  const Json &comparisons = at(file, {"curve_comparisons"}), &runs = at(file, {"runs"}), &curves = at(file, {"curves"});
  if (!comparisons.is_array()) return rows;
  for (const Json& entry : comparisons) {
    ++rows.all;
    const Json &a = at(item(curves, at(entry, {"curve_a"})), {"runs"}),
               &b = at(item(curves, at(entry, {"curve_b"})), {"runs"});
    const bool known = a.is_array() && b.is_array() && !a.empty() && !b.empty();
    if (at(entry, {"more_robust"}).is_null() || !known) continue;
    ++rows.decided;
    rows.html += row(entry, at(entry, {"difference", "value"}), at(entry, {"difference", "ci95"}), item(runs, a[0]),
                     item(runs, b[0]), "0 to " + budget_of(item(runs, a.back())));
  }
  return rows;
}

}  // namespace

std::string comparisons_table(const std::vector<Json>& files) {
  std::string rows;
  size_t decided = 0, all = 0;
  for (const Json& file : files) {
    for (const Rows& some : {curve_rows(file), budget_rows(file)}) {
      rows += some.html;
      decided += some.decided;
      all += some.all;
    }
  }
  if (all == 0) return "";
  std::string heads;
  for (const char* head :
       {"More robust", "Less robust", "Attack", "Defense", "ε", "Difference (points) [95 %]", "p (Holm)"}) {
    heads += fmt::format("<th scope=\"col\">{}</th>", head);
  }
  const std::string lead = fmt::format(
      "<p class=\"lead\">{} of {} comparisons of two models on the same images are decided: the interval of the "
      "difference excludes 0, and its test, corrected for the number of such comparisons of its report (Holm), stays "
      "below 5 %. At one budget the test is McNemar's (its normal approximation where images have several draws); over "
      "all budgets, accuracy is the mean from 0 to the largest, and interval and test come from a bootstrap over "
      "images. The others may be chance.</p>\n",
      decided, all);
  if (decided == 0) return lead;
  return lead + fmt::format(
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of comparisons\">\n"
                    "<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
                    heads, rows);
}

}  // namespace aigis::plotting
