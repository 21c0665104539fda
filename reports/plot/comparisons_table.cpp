#include "reports/plot/comparisons_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/plot/runs.h"
#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

std::string points(std::optional<double> share) { return share ? fmt::format("{:+.1f}", 100 * *share) : "–"; }

/// One comparison: what led by how much, between which runs.
struct Compared {
  const PlottedRun *a, *b;
  std::optional<double> difference;
  const Json *ends, *entry;
  std::string budget;
};

/// Turned so that the model that leads comes first.
std::string row(const RunList& list, const Compared& compared) {
  const auto& [a, b, difference, ends, entry, budget] = compared;
  const bool a_leads = text_at(*entry, {"more_robust"}) == text_at(*a->json, {"model"});
  const double sign = a_leads ? 1 : -1;
  const auto turned = [&](std::optional<double> value) { return value ? std::optional(sign * *value) : std::nullopt; };
  std::optional<double> low, high;
  if (ends->is_array() && ends->size() == 2 && (*ends)[0].is_number() && (*ends)[1].is_number()) {
    low = turned((*ends)[a_leads ? 0 : 1].get<double>());
    high = turned((*ends)[a_leads ? 1 : 0].get<double>());
  }
  std::string cells;
  for (const std::string& text : {list.models[(a_leads ? a : b)->model].label,
                                  list.models[(a_leads ? b : a)->model].label, a->attack, a->setting, budget}) {
    cells += fmt::format("<td>{}</td>", escape(text));
  }
  cells +=
      fmt::format("<td class=\"number\">{} <small>[{}, {}]</small></td><td class=\"number\">{:.2g}</td>",
                  points(turned(difference)), points(low), points(high), number_at(*entry, {"p_holm"}).value_or(1));
  return "<tr>" + cells + "</tr>\n";
}

const PlottedRun* run_at(const RunList& list, size_t file, const Json& index) {
  return index.is_number_unsigned() ? find_run(list, file, index.get<size_t>()) : nullptr;
}

/// Rows of what is decided, and how many comparisons there are.
struct Rows {
  std::string html;
  size_t decided = 0, all = 0;

  void add(const RunList& list, const Compared& compared) {
    ++all;
    if (at(*compared.entry, {"more_robust"}).is_null() || !compared.a || !compared.b) return;
    ++decided;
    html += row(list, compared);
  }
};

void add_budgets(Rows& rows, const RunList& list, size_t f, const Json& file) {
  for (const Json& entry : at(file, {"comparisons"})) {
    const PlottedRun *a = run_at(list, f, at(entry, {"run_a"})), *b = run_at(list, f, at(entry, {"run_b"}));
    const std::string budget = a == nullptr ? "" : epsilon_text(a->epsilon, a->norm);
    rows.add(list, {a, b, number_at(entry, {"difference"}), &at(entry, {"ci95"}), &entry, budget});
  }
}

/// Of whole curves, from 0 to the largest budget.
void add_curves(Rows& rows, const RunList& list, size_t f, const Json& file) {
  const Json& curves = at(file, {"curves"});
  const auto last_run = [&](const Json& index) -> const PlottedRun* {
    if (!curves.is_array() || !index.is_number_unsigned() || index.get<size_t>() >= curves.size()) return nullptr;
    const Json& runs = at(curves[index.get<size_t>()], {"runs"});
    return runs.is_array() && !runs.empty() ? run_at(list, f, runs.back()) : nullptr;
  };
  for (const Json& entry : at(file, {"curve_comparisons"})) {
    const PlottedRun *a = last_run(at(entry, {"curve_a"})), *b = last_run(at(entry, {"curve_b"}));
    const std::string budget = a == nullptr ? "" : "0 to " + epsilon_text(a->epsilon, a->norm);
    rows.add(list,
             {a, b, number_at(entry, {"difference", "value"}), &at(entry, {"difference", "ci95"}), &entry, budget});
  }
}

}  // namespace

std::string comparisons_table(const std::vector<Json>& files) {
  const RunList list = join_runs(files);
  Rows rows;
  for (size_t f = 0; f < files.size(); ++f) {
    add_curves(rows, list, f, files[f]);
    add_budgets(rows, list, f, files[f]);
  }
  if (rows.all == 0) return "";
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
      rows.decided, rows.all);
  if (rows.decided == 0) return lead;
  return lead + fmt::format(
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of comparisons\">\n"
                    "<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
                    heads, rows.html);
}

}  // namespace aigis::plotting
