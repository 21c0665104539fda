#include "reports/plot/standing_table.h"

#include <fmt/format.h>

#include <algorithm>
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
  const Compared* worst = nullptr;  ///< of the worst case over attacks, for each image
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
    // Images that were made against another model say how they transfer, not what each model withstands.
    if (text_at(*compared.a->json, {"access"}).starts_with("transfer:")) continue;
    auto same =
        std::find_if(questions.begin(), questions.end(), [&](const auto& known) { return is_same(known, compared); });
    if (same == questions.end()) same = questions.insert(same, Question{});
    if (text_at(*compared.a->json, {"attack", "name"}) == "worst-case") same->worst = &compared;
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

struct Ruling {
  const char *word, *style;
};
Ruling ruling_of(const Question& question, size_t model, const std::vector<std::string>& raised) {
  if (question.worst == nullptr) return {"? no worst case was judged", "undecided"};
  if (!question.worst->is_decided()) return {"✗ does not stand", "error"};
  if (question.worst->leader()->model != model) return {"✗ the reverse holds", "error"};
  if (!raised.empty()) return {"? stands if its checks are answered", "warning"};
  return {"✓ stands", "passed"};
}

/// The claim that `leader`'s model is the more robust one.
std::string row(const RunList& list, const Question& question, const PlottedRun* leader, const PlottedRun* follower,
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
  const Ruling ruling = ruling_of(question, leader->model, raised);
  return fmt::format(
      "<tr><th scope=\"row\">{} over {}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"number\">{}</td>"
      "<td>{}</td><td class=\"{}\">{}</td></tr>\n",
      escape(list.models[leader->model].label), escape(list.models[follower->model].label), escape(leader->setting),
      escape((question.attacks.empty() ? question.worst : question.attacks.front())->budget), listed(under),
      listed(not_under), worst, listed(raised), ruling.style, ruling.word);
}

}  // namespace

std::string standing_table(const std::vector<Json>& files) {
  const RunList list = join_runs(files);
  std::string rows, heads;
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
        rows += row(list, question, compared->leader(), compared->follower(), f);
      }
    }
  }
  if (rows.empty()) return "";
  for (const char* head : {"More robust", "Defense and access", "ε", "Under", "Not under",
                           "Worst of all attacks (points) [95 %]", "Checks raised", "So the claim"}) {
    heads += fmt::format("<th scope=\"col\">{}</th>", head);
  }
  return fmt::format(
      "<p class=\"lead\">Every claim that at least one attack supports. It stands where the model leads under the "
      "worst of all attacks, taken for each image, and raises none of the checks that were made; an attack that one "
      "model happens to withstand, or hides from, does not decide it.</p>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of claims\">\n"
      "<table class=\"checks\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
      heads, rows);
}

}  // namespace aigis::plotting
