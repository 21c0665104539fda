#include "reports/plot/gates_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/aim.h"
#include "reports/plot/driven.h"
#include "reports/plot/scrolled.h"
#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

bool says_more(const PlottedRun* run) { return at(*run->json, {"macs", "monitor"}).is_object(); }

bool wants_graph(const PlottedRun& run) { return at(*run.json, {"attack", "aim"}) == aim_name(Aim::graph); }

/// In millions: "3.1 → 4.2 <small>[4.1, 4.3]</small>"
std::string spread_cell(const Json& spread) {
  const auto before = number_at(spread, {"before", "value"});
  const auto after = share_of(at(spread, {"after"}));
  if (!before || !after) return "–";
  std::string text = fmt::format("{:.2f} → {:.2f}", *before / 1e6, after->value / 1e6);
  if (after->low && after->high) {
    text += fmt::format(" <small>[{:.2f}, {:.2f}]</small>", *after->low / 1e6, *after->high / 1e6);
  }
  return text;
}

/// The entries at `index` of two lists side by side, "after" and "after_ci95".
std::optional<Share> entry(const Json& lists, const std::string& name, size_t index) {
  const Json &values = at(lists, {name.c_str()}), &ends = at(lists, {(name + "_ci95").c_str()});
  if (!values.is_array() || index >= values.size() || !values[index].is_number()) return {};
  return share_of(values[index].get<double>(), ends.is_array() && index < ends.size() ? ends[index] : Json());
}

/// Passes in which everything ran.
std::optional<Share> all_run(const Json& run) {
  const Json& exceedance = at(run, {"macs", "distribution", "exceedance"});
  return entry(exceedance, "after", at(exceedance, {"after"}).size() - 1);
}

/// How alike graphs are to that of the class that an attack is out for: "71.4 → 83.6 <small>[…]</small>; its own
/// images 84.0, at most 91.0"
std::string likeness_cell(const PlottedRun& run) {
  const auto klass = number_at(*run.json, {"attack", "options", "class"});
  if (!wants_graph(run) || !klass || *klass < 0) return "–";
  const Json& likeness = at(*run.json, {"gates", "likeness"});
  const auto of_class = [&](const char* name) { return entry(likeness, name, static_cast<size_t>(*klass)); };
  const auto before = of_class("before"), own = of_class("own"), most = of_class("most");
  if (!before) return "–";
  const std::string text = fmt::format("{:.1f} → {}", 100 * before->value, share_cell(of_class("after")));
  if (!own || !most) return text;  // reports before 1.17
  return text + fmt::format("; its own images {:.1f}, at most {:.1f}", 100 * own->value, 100 * most->value);
}

std::string row_of(const PlottedRun& run, bool draws, bool graphs) {
  const Json& json = *run.json;
  const Json& macs = at(json, {"macs"});
  std::string cells = fmt::format("<th scope=\"row\">{}</th><td>{}</td>", escape(run.attack),
                                  escape(epsilon_text(run.epsilon, run.norm)));
  const auto cell = [&](const std::string& content) { cells += fmt::format("<td class=\"number\">{}</td>", content); };
  cell(share_cell(share_of(at(json, {"accuracy", "label_kept"}))));
  cell(share_cell(share_of(number_at(json, {"gates", "after", "mean"}), at(json, {"gates", "after", "ci95"}))));
  cell(share_cell(share_of(number_at(macs, {"recovery"}), at(macs, {"ci95", "recovery"}))));
  cell(share_cell(share_of(at(macs, {"distribution", "over_budget", "after"}))));
  cell(share_cell(all_run(json)));
  cell(share_cell(share_of(at(macs, {"monitor", "unseen"}))));
  cell(share_cell(share_of(at(macs, {"monitor", "unseen_and_wrong"}))));
  if (draws) cell(spread_cell(at(macs, {"spread"})));
  if (graphs) cell(likeness_cell(run));
  return "<tr>" + cells + "</tr>\n";
}

std::string table_of(const DrivenModel& driven, const RunList& list) {
  const Json& first = *driven.runs.front()->json;
  const bool draws = at(first, {"macs", "spread"}).is_object();
  const bool graphs =
      std::any_of(driven.runs.begin(), driven.runs.end(), [](const PlottedRun* run) { return wants_graph(*run); });
  std::vector<std::string> names{"Attack",
                                 "ε",
                                 "Answers kept (%)",
                                 "Execution rate (%)",
                                 "Saved compute restored (%)",
                                 "Over the usual budget (%)",
                                 "Everything runs (%)",
                                 "Unseen by a monitor (%)",
                                 "Unseen and wrong (%)"};
  if (draws) names.emplace_back("Spread between draws (M)");
  if (graphs) names.emplace_back("Likeness to the wanted graph (%)");
  std::string heads, rows;
  for (const auto& name : names) heads += fmt::format("<th scope=\"col\">{}</th>", name);
  for (const auto* run : driven.runs) rows += row_of(*run, draws, graphs);
  const double tolerance = number_at(first, {"macs", "monitor", "tolerance"}).value_or(0);
  const std::string label = label_of(driven, list);
  return scrolled(
      "Compute of " + label,
      fmt::format(
          "<table>\n<caption>{0}, clean: execution rate {1}, {2} of passes over the usual budget, which is what 95 % "
          "of them keep "
          "to. Everything runs: passes that leave out no layer. Unseen: the executed share of an image's gated layers "
          "moved by at most {3:g} %. In brackets: 95 % intervals over images.</caption>\n"
          "<thead><tr>{4}</tr></thead>\n<tbody>\n{5}</tbody>\n</table>\n",
          escape(label),
          percent(share_of(number_at(first, {"gates", "before", "mean"}), at(first, {"gates", "before", "ci95"}))),
          percent(share_of(at(first, {"macs", "distribution", "over_budget", "before"}))), 100 * tolerance, heads,
          rows));
}

}  // namespace

std::string gates_tables(const RunList& list) {
  std::string tables;
  for (const auto& driven : driven_models(list)) {
    if (std::any_of(driven.runs.begin(), driven.runs.end(), says_more)) tables += table_of(driven, list);
  }
  return tables;
}

}  // namespace aigis::plotting
