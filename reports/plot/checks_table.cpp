#include "reports/plot/checks_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

struct Mark {
  const char *sign, *word, *style;
};
Mark mark_of(const std::string& level) {
  if (level == "passed") return {"✓", "passed", "passed"};
  if (level == "undecided") return {"?", "undecided", "undecided"};
  return {"✗", "raised", level == "error" ? "error" : "warning"};
}

/// Text of a list in which each comes once, in order.
size_t place_in(std::vector<std::string>& list, const std::string& text) {
  const auto found = std::find(list.begin(), list.end(), text);
  if (found != list.end()) return static_cast<size_t>(found - list.begin());
  list.push_back(text);
  return list.size() - 1;
}

std::string subject(const Json& file, const Json& check) {
  const Json &indices = at(check, {"runs"}), &runs = at(file, {"runs"});
  if (!indices.is_array() || indices.empty() || !indices[0].is_number_unsigned()) return "";
  const auto index = indices[0].get<size_t>();
  if (!runs.is_array() || index >= runs.size()) return "";
  const std::string defense = text_at(runs[index], {"defense", "name"});
  return short_id(text_at(runs[index], {"model"})) + (defense == "none" ? "" : ", " + display_name(defense));
}

}  // namespace

std::string checks_table(const std::vector<Json>& files) {
  std::vector<std::string> checks, subjects;
  std::map<std::pair<size_t, size_t>, const Json*> cells;
  for (const Json& file : files) {
    const Json& list = at(file, {"checks"});
    if (!list.is_array()) continue;
    for (const Json& check : list) {
      const std::string name = subject(file, check);
      if (name.empty()) continue;
      const std::pair place(place_in(checks, text_at(check, {"check"})), place_in(subjects, name));
      const Json*& cell = cells[place];
      const auto passed = [](const Json& c) { return text_at(c, {"level"}) == "passed"; };
      if (cell == nullptr || passed(*cell)) cell = &check;  // of several reports the one that has something to say
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
      const Mark mark = mark_of(text_at(check, {"level"}));
      const std::string message = escape(text_at(check, {"message"}));
      rows += fmt::format("<td class=\"{}\" title=\"{}\">{} <small>{}</small></td>", mark.style, message, mark.sign,
                          mark.word);
      if (mark.word == std::string("passed")) continue;
      raised[s] += mark.word == std::string("raised");
      notes += fmt::format("<li><b class=\"{}\">{}, {}</b>: {}</li>\n", mark.style, escape(checks[c]),
                           escape(subjects[s]), message);
    }
    rows += "</tr>\n";
  }
  const auto stand = std::count(raised.begin(), raised.end(), 0);
  return fmt::format(
             "<p class=\"lead\">Each check looks for a way in which robust accuracy may be overstated. {} of {} claims "
             "(a model behind a defense) raise none.</p>\n"
             "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of checks\">\n"
             "<table class=\"checks\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
             stand, subjects.size(), heads, rows) +
         (notes.empty() ? "" : "<ul class=\"notes\">\n" + notes + "</ul>\n");
}

}  // namespace aigis::plotting
