#include "reports/plot/checks_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "reports/plot/runs.h"
#include "reports/plot/scrolled.h"
#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

struct Mark {
  const char *sign, *word, *style;
  int severity;
};
Mark mark_of(const std::string& level) {
  if (level == "passed") return {"✓", "passed", "passed", 0};
  if (level == "undecided") return {"?", "undecided", "undecided", 1};
  if (level == "error") return {"✗", "raised", "error", 3};
  return {"✗", "raised", "warning", 2};
}
Mark mark_of(const Json& check) { return mark_of(text_at(check, {"level"})); }

/// Text of a list in which each comes once, in order.
size_t place_in(std::vector<std::string>& list, const std::string& text) {
  const auto found = std::find(list.begin(), list.end(), text);
  if (found != list.end()) return static_cast<size_t>(found - list.begin());
  list.push_back(text);
  return list.size() - 1;
}

/// The model and defense that a check speaks of; empty if its runs are unknown.
std::string subject(const RunList& list, size_t file, const Json& check) {
  for (const Json& index : at(check, {"runs"})) {
    if (const PlottedRun* run = find_run(list, file, index)) return defended_label(list, *run);
  }
  return "";
}

}  // namespace

std::string checks_table(const std::vector<Json>& files) {
  std::vector<std::string> checks, subjects;
  std::map<std::pair<size_t, size_t>, const Json*> cells;
  const RunList runs = join_runs(files);
  for (size_t f = 0; f < files.size(); ++f) {
    const Json& list = at(files[f], {"checks"});
    if (!list.is_array()) continue;
    for (const Json& check : list) {
      const std::string name = subject(runs, f, check);
      if (name.empty()) continue;
      const std::pair place(place_in(checks, text_at(check, {"check"})), place_in(subjects, name));
      const Json*& cell = cells[place];
      // What is worst of several reports.
      if (cell == nullptr || mark_of(*cell).severity < mark_of(check).severity) cell = &check;
    }
  }
  if (cells.empty()) return "";
  std::string heads = "<th scope=\"col\">Check</th>", rows, notes;
  std::vector<int> raised(subjects.size(), 0);
  for (const auto& name : subjects) heads += fmt::format("<th scope=\"col\">{}</th>", escape(name));
  for (size_t c = 0; c < checks.size(); ++c) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th>", escape(checks[c]));
    for (size_t s = 0; s < subjects.size(); ++s) {
      const auto found = cells.find({c, s});
      if (found == cells.end()) {
        rows += "<td>–</td>";
        continue;
      }
      const Json& check = *found->second;
      const Mark mark = mark_of(check);
      const std::string message = escape(text_at(check, {"message"}));
      rows += fmt::format("<td class=\"{}\" title=\"{}\">{} <small>{}</small></td>", mark.style, message, mark.sign,
                          mark.word);
      if (mark.severity == 0) continue;
      raised[s] += mark.severity > 1;
      notes += fmt::format("<li><b class=\"{}\">{}, {}</b>: {}</li>\n", mark.style, escape(checks[c]),
                           escape(subjects[s]), message);
    }
    rows += "</tr>\n";
  }
  const auto stand = std::count(raised.begin(), raised.end(), 0);
  return fmt::format(
             "<p class=\"lead\">Each check looks for a way in which robust accuracy may be overstated. {} of {} claims "
             "(a model behind a defense) raise none.</p>\n",
             stand, subjects.size()) +
         scrolled("Table of checks",
                  fmt::format("<table class=\"checks\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n",
                              heads, rows)) +
         (notes.empty() ? "" : "<ul class=\"notes\">\n" + notes + "</ul>\n");
}

}  // namespace aigis::plotting
