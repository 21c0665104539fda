#include "reports/plot/standing_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "lib/core/text.h"
#include "reports/plot/compared.h"
#include "reports/plot/svg.h"
#include "reports/plot/value.h"

namespace aigis::plotting {
namespace {

/// All comparisons of two models behind the same defense, within the same budget.
struct Question {
  std::vector<const Compared*> attacks;
  const Compared* worst = nullptr;  ///< of the worst case over attacks
};

bool is_same(const Question& question, const Compared& compared) {
  const Compared& known = question.attacks.empty() ? *question.worst : *question.attacks.front();
  return known.a->model == compared.a->model && known.b->model == compared.b->model &&
         known.a->setting == compared.a->setting && known.budget == compared.budget;
}

std::vector<Question> questions_of(const std::vector<Compared>& all) {
  std::vector<Question> questions;
  for (const Compared& compared : all) {
    if (compared.a == nullptr || compared.b == nullptr || !compared.a->attacked() || compared.a->epsilon == 0) continue;
    if (compared.is_transfer()) continue;
    auto same =
        std::find_if(questions.begin(), questions.end(), [&](const auto& known) { return is_same(known, compared); });
    if (same == questions.end()) same = questions.insert(same, Question{});
    if (compared.is_worst_case()) same->worst = &compared;
    else same->attacks.push_back(&compared);
  }
  return questions;
}

/// Checks of a report that were raised against what a run judges, a model behind a defense.
std::vector<std::string> raised_against(const RunList& list, const PlottedRun& judged, size_t file) {
  std::vector<std::string> names;
  const Json& checks = at((*list.files)[file], {"checks"});
  if (!checks.is_array()) return names;
  for (const Json& check : checks) {
    const std::string level = text_at(check, {"level"}), name = text_at(check, {"check"});
    if ((level != "warning" && level != "error") || std::find(names.begin(), names.end(), name) != names.end())
      continue;
    const Json& runs = at(check, {"runs"});
    const bool concerned = runs.is_array() && std::any_of(runs.begin(), runs.end(), [&](const Json& index) {
                             const PlottedRun* run = find_run(list, file, index);
                             return run != nullptr && defended_label(list, *run) == defended_label(list, judged);
                           });
    if (concerned) names.push_back(name);
  }
  return names;
}

/// What becomes of a claim, from the best to the worst.
struct Ruling {
  const char *word, *style;
};
constexpr std::array kRulings{Ruling{"✓ stands", "passed"}, Ruling{"? stands if its checks are answered", "warning"},
                              Ruling{"? no worst case was judged", "undecided"}, Ruling{"✗ does not stand", "error"},
                              Ruling{"✗ the reverse holds", "error"}};

/// A place in kRulings.
size_t ruling_of(const Question& question, size_t model, const std::vector<std::string>& raised) {
  if (question.worst == nullptr) return 2;
  if (!question.worst->is_decided()) return 3;
  if (question.worst->leader()->model != model) return 4;
  return raised.empty() ? 0 : 1;
}

struct Claim {
  size_t ruling;  ///< in kRulings
  std::string row;
};

/// That `leader`'s model is the more robust one.
Claim claim_of(const RunList& list, const Question& question, const PlottedRun* leader, const PlottedRun* follower,
               size_t file) {
  std::vector<std::string> under, not_under;
  for (const Compared* compared : question.attacks) {
    const bool leads = compared->is_decided() && compared->leader()->model == leader->model;
    (leads ? under : not_under).push_back(compared->a->attack);
  }
  const std::vector<std::string> raised = raised_against(list, *leader, file);
  const auto listed = [](const std::vector<std::string>& names) {
    return names.empty() ? "–" : escape(join(names, ", "));
  };
  std::string worst = "–";
  if (question.worst != nullptr) {
    worst = question.worst->points(question.worst->a->model == leader->model ? question.worst->a : question.worst->b);
  }
  const size_t place = ruling_of(question, leader->model, raised);
  return {place, fmt::format("<tr><th scope=\"row\">{} over {}</th><td class=\"{}\">{}</td><td>{}</td><td>{}</td>"
                             "<td class=\"number\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                             escape(list.models[leader->model].label), escape(list.models[follower->model].label),
                             kRulings[place].style, kRulings[place].word, escape(leader->setting),
                             escape((question.attacks.empty() ? question.worst : question.attacks.front())->budget),
                             worst, listed(under), listed(not_under), listed(raised))};
}

/// "3 claims: 1 ✓ stands, 2 ✗ does not stand."
std::string counted(const std::vector<Claim>& claims) {
  std::vector<std::string> counts;
  for (size_t place = 0; place < kRulings.size(); ++place) {
    const auto count = std::count_if(claims.begin(), claims.end(), [&](const auto& c) { return c.ruling == place; });
    if (count > 0) counts.push_back(fmt::format("{} {}", count, kRulings[place].word));
  }
  return fmt::format("{} claim{}: {}.", claims.size(), claims.size() == 1 ? "" : "s", join(counts, ", "));
}

}  // namespace

std::string standing_table(const std::vector<Json>& files) {
  const RunList list = join_runs(files);
  std::vector<Claim> claims;
  for (size_t f = 0; f < files.size(); ++f) {
    std::vector<Compared> all = compared_curves(list, f);
    for (Compared& compared : compared_budgets(list, f)) all.push_back(std::move(compared));
    for (const Question& question : questions_of(all)) {
      std::vector<const Compared*> decided = question.attacks;
      if (question.worst != nullptr) decided.push_back(question.worst);
      std::erase_if(decided, [](const Compared* compared) { return !compared->is_decided(); });
      std::vector<size_t> told;
      for (const Compared* compared : decided) {
        const size_t model = compared->leader()->model;
        if (std::find(told.begin(), told.end(), model) != told.end()) continue;
        told.push_back(model);
        claims.push_back(claim_of(list, question, compared->leader(), compared->follower(), f));
      }
    }
  }
  if (claims.empty()) return "";
  std::stable_sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) { return a.ruling < b.ruling; });
  std::string heads, rows;
  for (const Claim& claim : claims) rows += claim.row;
  for (const char* head : {"More robust", "The claim", "Defense and access", "ε",
                           "Worst of all attacks (points) [95 %]", "Under", "Not under", "Checks raised"}) {
    heads += fmt::format("<th scope=\"col\">{}</th>", head);
  }
  return fmt::format(
      "<p>{}</p>\n"
      "<p class=\"lead\">Every claim that at least one attack supports. It stands where the model leads under the "
      "worst of all attacks, taken for each image, and raises none of the checks that were made; an attack that one "
      "model happens to withstand, or hides from, does not decide it.</p>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of claims\">\n"
      "<table class=\"claims\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
      counted(claims), heads, rows);
}

}  // namespace aigis::plotting
