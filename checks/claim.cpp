#include "checks/claim.h"

#include <fmt/format.h>

#include <algorithm>

#include "attacks/list.h"
#include "lib/core/error.h"
#include "lib/core/workers.h"

namespace aigis {
std::shared_ptr<const Attack> varied(const Attack& attack,
                                     const std::vector<std::pair<std::string, std::string>>& changes) {
  Json options = attack.options();
  for (const auto& [key, value] : changes) {
    if (!options.contains(key)) return nullptr;
    options[key] = value;
  }
  options.erase("preset");  // its options are given
  const auto& entry = find_entry(attack_list(), "attack", attack.name());
  return entry.make(Spec::of(attack.name(), effective(options, entry.options())));
}

Claim::Claim(const SweepPlan& plan, const std::vector<RunTally>& tallies, size_t model, std::vector<size_t> runs)
    : plan_(plan), tallies_(tallies), model_(model), epsilon_(plan.epsilons.size()), runs_(std::move(runs)) {
  for (const size_t r : runs_) {
    if (plan.runs[r].attack && plan.runs[r].attack->wants_answer()) attacks_.push_back(r);
  }
  take_sample();
  worst_ = {"the sweep's attacks", {}, bare()->card().draws};
  if (attacks_.empty()) return;
  for (size_t e = plan.epsilons.size(); e-- > 0;) {
    if (plan.epsilons[e] == 0) break;
    epsilon_ = e;
    strongest_ = with_fewest_right(attacks_, e);
    take_sample();  // of a size that hangs on the strongest attack's cost
    worst_.hits = worst_hits(e);
    if (worst_.standing() >= fewest(1)) break;
  }
}

size_t Claim::with_fewest_right(const std::vector<size_t>& runs, size_t epsilon) const {
  const auto right = [&](size_t r) { return tallies_[r].cells[epsilon].pass.accuracy.successes(); };
  return *std::min_element(runs.begin(), runs.end(), [&](size_t a, size_t b) { return right(a) < right(b); });
}

std::vector<int64_t> Claim::sampled(const std::vector<int64_t>& hits) const {
  std::vector<int64_t> some;
  for (const int64_t position : positions_) some.push_back(hits[static_cast<size_t>(position)]);
  return some;
}

std::vector<int64_t> Claim::worst_hits(size_t epsilon) const {
  if (bare()->card().has_random_gates) {
    std::vector<size_t> judged = attacks_;
    for (const size_t r : runs_) {
      if (plan_.runs[r].is_worst_case()) judged.push_back(r);
    }
    return sampled(tallies_[with_fewest_right(judged, epsilon)].cells[epsilon].hits);
  }
  std::vector<int64_t> worst(positions_.size(), bare()->card().draws);
  for (const size_t r : attacks_) {
    const std::vector<int64_t> hits = sampled(tallies_[r].cells[epsilon].hits);
    for (size_t i = 0; i < worst.size(); ++i) worst[i] = std::min(worst[i], hits[i]);
  }
  return worst;
}

std::optional<Challenge> Claim::without_defense() const {
  for (size_t r = 0; r < plan_.runs.size(); ++r) {
    const Run& run = plan_.runs[r];
    if (run.defense || run.access.surrogate || run.attack != strongest().attack) continue;
    return Challenge{run.attack->name() + " without the defense", sampled(tallies_[r].cells[epsilon_].hits),
                     bare()->card().draws};
  }
  return {};
}

std::shared_ptr<const Attack> Claim::challenger(const std::string& attack) const {
  const auto plain = attack_of(attack);
  const auto averaged = varied(*plain, {{"draws", std::to_string(strongest().attack->draws())}});
  return averaged ? averaged : plain;
}

Challenge Claim::challenge(const std::shared_ptr<const Attack>& attack, const Access& access,
                           std::shared_ptr<Model> model, std::optional<double> epsilon, int64_t images) const {
  if (sample_.size() == 0) return {attack->name(), {}, (model ? model : bare())->card().draws};
  SweepPlan plan;
  plan.models = {model ? std::move(model) : bare()};
  plan.runs = {{attack, defense(), access}};
  plan.epsilons = {epsilon ? *epsilon : plan_.epsilons[epsilon_]};
  plan.norm = plan_.norm;
  plan.data = sample_.spread(images);
  plan.training = plan_.training;
  plan.batch = std::min(plan_.batch, (plan.data.size() + plan_.workers - 1) / plan_.workers);
  plan.workers = std::min(plan_.workers, workers_for(plan_.device, (plan.data.size() + plan.batch - 1) / plan.batch));
  plan.seed = plan_.seed;
  plan.device = plan_.device;
  plan.title = "";
  Journal journal;
  const CellTally cell = run_sweep(plan, journal).tallies[0][0].cells[0];
  return {attack->name(), cell.hits, plan.models.front()->card().draws};
}

std::vector<Batch> Claim::spread(int64_t images) const {
  const Dataset some = plan_.data.spread(images);
  std::vector<Batch> batches;
  for (int64_t begin = 0; begin < some.size(); begin += plan_.batch) {
    batches.push_back(take(some, begin, plan_.batch, plan_.device));
  }
  return batches;
}

bool Claim::gates_decide() const { return !bare()->card().gated.empty() && !bare()->card().has_blind_gates; }

bool Claim::averages_draws() const {
  return std::any_of(attacks_.begin(), attacks_.end(), [&](size_t r) { return plan_.runs[r].attack->draws() > 1; });
}

Finding Claim::not_made(Finding finding) const {
  finding.level = Finding::Level::undecided;
  finding.message = fmt::format(
      "not made: for the {} images that can tell it would take longer than a minute and than a fifth of PGD-10 over "
      "all images; with more (--limit) it is made",
      fewest(1));
  return finding;
}

Finding Claim::without_attack(const std::string& check, const std::string& why) const {
  Finding finding = about_budget(check);
  finding.level = Finding::Level::undecided;
  finding.message = why;
  return finding;
}

Finding Claim::about_model(const std::string& check) const {
  Finding finding;
  finding.check = check;
  for (const size_t r : runs_) {
    for (size_t e = 0; e < plan_.epsilons.size(); ++e) finding.of.emplace_back(r, e);
  }
  return finding;
}

Finding Claim::about_budget(const std::string& check) const {
  Finding finding;
  finding.check = check;
  for (const size_t r : attacks_) finding.of.emplace_back(r, epsilon_);
  return finding;
}

bool Claim::allows(const Attack& attack) const {
  const auto norms = attack.norms();
  if (std::find(norms.begin(), norms.end(), plan_.norm) == norms.end()) return false;
  try {
    attack.check(bare()->card());
  } catch (const InputError&) {
    return false;
  }
  return true;
}

std::optional<Finding> Claim::beaten_by(const std::string& check, const std::string& attack,
                                        const std::string& advice) const {
  if (!is_made()) return {};
  const auto made = challenger(attack);
  if (!allows(*made)) {
    return without_attack(check, fmt::format("not made: {} does not go with this norm or model", made->name()));
  }
  return beaten(check, {challenge(made, Access{})}, advice);
}

Finding Claim::beaten(const std::string& check, const Challenge& reference, const std::vector<Challenge>& challenges,
                      const std::string& advice) const {
  const Challenge* best = nullptr;
  Outcome outcome;
  for (const Challenge& challenge : challenges) {
    const Outcome now = outcome_of(challenge, reference);
    if (best != nullptr && now.ahead <= outcome.ahead) continue;
    best = &challenge;
    outcome = now;
  }
  outcome.p = std::min(1.0, outcome.p * static_cast<double>(challenges.size()));
  const int64_t stood = reference.standing();
  Finding finding = about_budget(check);
  finding.count = sample_.size();
  if (finding.count == 0) return not_made(finding);
  const int64_t enough = fewest(challenges.size());
  if (finding.count >= enough && stood > 0) {
    finding.smallest_effect = static_cast<double>(enough) / static_cast<double>(finding.count);
  }
  finding.numbers = {{"gained", outcome.gained}, {"lost", outcome.lost}, {"standing", stood}, {"p", outcome.p}};
  const bool one_draw = reference.draws == 1 && best->draws == 1;
  const std::string told =
      one_draw ? fmt::format("{} left {} of {} images standing; {} breaks {} of them, and leaves {} that fell",
                             reference.name, stood, finding.count, best->name, outcome.gained, outcome.lost)
               : fmt::format("{} left {} of {} images standing; {} does worse to {} images, and less to {}",
                             reference.name, stood, finding.count, best->name, outcome.gained, outcome.lost);
  if (outcome.is_better()) {
    finding.level = Finding::Level::warning;
    finding.message = told + ": " + advice;
  } else if (stood > 0 && stood < enough) {
    finding.level = Finding::Level::undecided;
    finding.message = fmt::format("{}: too few stood to tell; {} would do", told, enough);
  } else {
    finding.message = told;
  }
  return finding;
}

}  // namespace aigis
