#include "reports/plot/comparisons_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

std::string points(std::optional<double> share) { return share ? fmt::format("{:+.1f}", 100 * *share) : "–"; }

/// Turned so that the model that leads comes first.
std::string row(const Json& entry, const Json& a, const Json& b) {
  const bool a_leads = text_at(entry, {"more_robust"}) == text_at(a, {"model"});
  const double sign = a_leads ? 1 : -1;
  const auto turned = [&](std::optional<double> value) { return value ? std::optional(sign * *value) : std::nullopt; };
  const Json& ends = at(entry, {"ci95"});
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
        display_name(text_at(a, {"attack", "name"})), setting,
        epsilon_text(number_at(a, {"epsilon"}).value_or(0), text_at(a, {"norm"}))}) {
    cells += fmt::format("<td>{}</td>", escape(text));
  }
  cells += fmt::format("<td class=\"number\">{} <small>[{}, {}]</small></td><td class=\"number\">{:.2g}</td>",
                       points(turned(number_at(entry, {"difference"}))), points(low), points(high),
                       number_at(entry, {"p_holm"}).value_or(1));
  return "<tr>" + cells + "</tr>\n";
}

}  // namespace

std::string comparisons_table(const std::vector<Json>& files) {
  std::string rows;
  size_t decided = 0, all = 0;
  for (const Json& file : files) {
    const Json &comparisons = at(file, {"comparisons"}), &runs = at(file, {"runs"});
    if (!comparisons.is_array() || !runs.is_array()) continue;
    for (const Json& entry : comparisons) {
      ++all;
      const double a = number_at(entry, {"run_a"}).value_or(-1), b = number_at(entry, {"run_b"}).value_or(-1);
      const bool known = std::min(a, b) >= 0 && std::max(a, b) < static_cast<double>(runs.size());
      if (at(entry, {"more_robust"}).is_null() || !known) continue;
      ++decided;
      rows += row(entry, runs[static_cast<size_t>(a)], runs[static_cast<size_t>(b)]);
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
      "difference "
      "excludes 0, and McNemar's test (its normal approximation where images have several draws), corrected for the "
      "number of comparisons of its report (Holm), stays below 5 %. "
      "The "
      "others may be chance.</p>\n",
      decided, all);
  if (decided == 0) return lead;
  return lead + fmt::format(
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of comparisons\">\n"
                    "<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
                    heads, rows);
}

}  // namespace aigis::plotting
