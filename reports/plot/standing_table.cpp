#include "reports/plot/standing_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/core/text.h"
#include "reports/plot/claims.h"
#include "reports/plot/scrolled.h"
#include "reports/plot/svg.h"

namespace aigis::plotting {
namespace {

/// "3 claims: 1 ✓ stands, 2 ✗ does not stand."
std::string counted(const std::vector<Claim>& claims) {
  std::vector<std::string> counts;
  for (const Ruling ruling : {Ruling::stands, Ruling::unseen, Ruling::questioned, Ruling::unexamined, Ruling::unjudged,
                              Ruling::undecided, Ruling::reversed}) {
    const auto count = std::count_if(claims.begin(), claims.end(), [&](const auto& c) { return c.ruling == ruling; });
    if (count > 0) counts.push_back(fmt::format("{} {} {}", count, words_of(ruling).sign, words_of(ruling).words));
  }
  return fmt::format("{} claim{}: {}.", claims.size(), claims.size() == 1 ? "" : "s", join(counts, ", "));
}

/// The table of the claims behind one defense over all budgets: the row's model is more robust than the column's.
std::string matrix(const RunList& list, const std::vector<const Claim*>& claims) {
  std::string heads = "<th scope=\"col\">More robust than</th>", rows;
  for (size_t m = 0; m < list.models.size(); ++m) {
    heads += fmt::format("<th scope=\"col\" title=\"{}\">{}</th>", escape(list.models[m].label), m + 1);
    rows += fmt::format("<tr><th scope=\"row\">{} {}</th>", m + 1, escape(list.models[m].label));
    for (size_t other = 0; other < list.models.size(); ++other) {
      const auto claim = std::find_if(claims.begin(), claims.end(),
                                      [&](const Claim* c) { return c->leader == m && c->follower == other; });
      if (claim == claims.end()) {
        rows += "<td></td>";
        continue;
      }
      const RulingWords& words = words_of((*claim)->ruling);
      rows += fmt::format("<td class=\"{}\" title=\"{}\">{} {}</td>", words.style, words.words, words.sign,
                          (*claim)->points);
    }
    rows += "</tr>\n";
  }
  const std::string of = fmt::format("{}, ε {}", claims.front()->setting, claims.front()->budget);
  return scrolled(
      "Who leads whom, " + of,
      fmt::format("<table class=\"standing\">\n<caption>{}: by how many points of accuracy under the worst of "
                  "all attacks the row's model leads the column's; empty where no attack supports it</caption>\n"
                  "<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n",
                  escape(of), heads, rows));
}

std::string matrices(const RunList& list, const std::vector<Claim>& claims) {
  std::string all;
  if (list.models.size() < 3) return all;
  for (const std::string& setting : list.settings()) {
    std::map<std::string, std::vector<const Claim*>> by_budget;  // several reports may reach differently far
    for (const Claim& claim : claims) {
      if (claim.is_of_curve && claim.setting == setting) by_budget[claim.budget].push_back(&claim);
    }
    for (const auto& [budget, some] : by_budget) all += matrix(list, some);
  }
  return all;
}

std::string row(const RunList& list, const Claim& claim) {
  const auto listed = [](const std::vector<std::string>& names) {
    return names.empty() ? "–" : escape(join(names, ", "));
  };
  const RulingWords& words = words_of(claim.ruling);
  return fmt::format(
      "<tr><th scope=\"row\">{} over {}</th><td class=\"{}\">{} {}</td><td>{}</td><td>{}</td>"
      "<td class=\"number\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
      escape(list.models[claim.leader].label), escape(list.models[claim.follower].label), words.style, words.sign,
      words.words, escape(claim.setting), escape(claim.budget), claim.points, listed(claim.under),
      listed(claim.not_under), listed(claim.raised), claim.open.empty() ? "–" : escape(join(claim.open, "; ")));
}

}  // namespace

std::string standing_tables(const std::vector<Json>& files) {
  const RunList list = join_runs(files);
  const std::vector<Claim> claims = claims_of(list);
  if (claims.empty()) return "";
  std::string heads, rows;
  for (const Claim& claim : claims) rows += row(list, claim);
  for (const char* head :
       {"More robust", "The claim", "Defense and access", "ε", "Worst of all attacks (points) [95 %]", "Under",
        "Not under", "Checks raised", "Left open by checks"}) {
    heads += fmt::format("<th scope=\"col\">{}</th>", head);
  }
  return fmt::format(
             "<p>{}</p>\n"
             "<p class=\"lead\">Every claim that at least one attack supports. It stands where the model leads under "
             "the worst of all attacks, taken for each image, and under each single one that leaves it fewer right "
             "than that (as may be where gates draw), and every check that concerns it (--checks full) was "
             "made and passed; it stands as far as its checks could see where some of them are undecided, such as one "
             "for which the report has no fitting attack, were made at another budget than the claim is of, or let "
             "another attack try on so few images that not even a fifth of them could have been seen to fall. An "
             "attack that one model happens to withstand, or hides from, does not decide it.</p>\n{}",
             counted(claims), matrices(list, claims)) +
         scrolled("Table of claims",
                  fmt::format("<table class=\"claims\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n",
                              heads, rows));
}

}  // namespace aigis::plotting
