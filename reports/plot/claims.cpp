#include "reports/plot/claims.h"

#include <algorithm>
#include <array>
#include <optional>

#include "reports/plot/claim_checks.h"
#include "reports/plot/compared.h"
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
    if (compared.a == nullptr || compared.b == nullptr) continue;
    if (compared.is_transfer()) continue;
    auto same =
        std::find_if(questions.begin(), questions.end(), [&](const auto& known) { return is_same(known, compared); });
    if (same == questions.end()) same = questions.insert(same, Question{});
    if (compared.is_worst_case()) same->worst = &compared;
    else same->attacks.push_back(&compared);
  }
  return questions;
}

bool leads(const Compared& compared, size_t model) {
  return compared.is_decided() && compared.leader()->model == model;
}

/// Whether the model leads under every attack that leaves it fewer right than the worst case does. There are such only
/// where gates draw: a worst case is judged by other draws than those by which it was chosen.
bool leads_under_stronger_ones(const Question& question, size_t model) {
  const auto left = [&](const Compared& c) { return c.accuracy(c.a->model == model ? c.a : c.b); };
  const std::optional<double> worst = left(*question.worst);
  return std::all_of(question.attacks.begin(), question.attacks.end(), [&](const Compared* compared) {
    const std::optional<double> one = left(*compared);
    return !one || !worst || *one >= *worst || leads(*compared, model);
  });
}

Ruling ruling_of(const Question& question, size_t model, const Claim& claim, bool has_full_checks) {
  if (question.worst == nullptr) return Ruling::unjudged;
  if (!question.worst->is_decided()) return Ruling::undecided;
  if (question.worst->leader()->model != model) return Ruling::reversed;
  if (!leads_under_stronger_ones(question, model)) return Ruling::undecided;
  if (!claim.raised.empty()) return Ruling::questioned;
  if (!has_full_checks) return Ruling::unexamined;
  return claim.open.empty() ? Ruling::stands : Ruling::unseen;
}

/// That `leader`'s model is the more robust one.
Claim claim_of(const RunList& list, const Question& question, const PlottedRun* leader, const PlottedRun* follower,
               size_t file, bool is_of_curve) {
  Claim claim{leader->model, follower->model, leader->setting, "", is_of_curve, Ruling::stands, "–", {}, {}, {}, {}};
  claim.budget = (question.attacks.empty() ? question.worst : question.attacks.front())->budget;
  for (const Compared* compared : question.attacks) {
    (leads(*compared, leader->model) ? claim.under : claim.not_under).push_back(compared->a->attack);
  }
  claim.raised = raised_against(list, *leader, *follower, file);
  claim.open = left_open(list, *leader, file, is_of_curve);
  const bool has_full_checks = text_at(list.files[file], {"config", "checks"}) == "full";
  claim.ruling = ruling_of(question, leader->model, claim, has_full_checks);
  if (question.worst != nullptr) {
    claim.points =
        question.worst->points(question.worst->a->model == leader->model ? question.worst->a : question.worst->b);
  }
  return claim;
}

void add_claims(std::vector<Claim>& claims, const RunList& list, const std::vector<Compared>& all, size_t file,
                bool are_of_curves) {
  for (const Question& question : questions_of(all)) {
    std::vector<const Compared*> decided = question.attacks;
    if (question.worst != nullptr) decided.push_back(question.worst);
    std::erase_if(decided, [](const Compared* compared) { return !compared->is_decided(); });
    std::vector<size_t> told;
    for (const Compared* compared : decided) {
      const size_t model = compared->leader()->model;
      if (std::find(told.begin(), told.end(), model) != told.end()) continue;
      told.push_back(model);
      claims.push_back(claim_of(list, question, compared->leader(), compared->follower(), file, are_of_curves));
    }
  }
}

}  // namespace

const RulingWords& words_of(Ruling ruling) {
  static constexpr std::array kWords{RulingWords{"✓", "stands", "passed"},
                                     RulingWords{"(✓)", "stands as far as its checks could see", "passed"},
                                     RulingWords{"?", "stands if its checks are answered", "warning"},
                                     RulingWords{"?", "leads, but full checks were not made", "undecided"},
                                     RulingWords{"?", "no worst case was judged", "undecided"},
                                     RulingWords{"✗", "does not stand", "error"},
                                     RulingWords{"✗", "the reverse holds", "error"}};
  return kWords[static_cast<size_t>(ruling)];
}

std::vector<Claim> claims_of(const RunList& list) {
  std::vector<Claim> claims;
  for (size_t f = 0; f < list.files.size(); ++f) {
    add_claims(claims, list, compared_curves(list, f), f, true);
    add_claims(claims, list, compared_budgets(list, f), f, false);
  }
  std::stable_sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) { return a.ruling < b.ruling; });
  return claims;
}

}  // namespace aigis::plotting
