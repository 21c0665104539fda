#include "checks/claim.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

int64_t sample_size(int64_t images, const ModelCard& card, double gradients, const at::Device& device) {
  constexpr double kAllowedEach = 0.2 * 10;          // a fifth of PGD-10
  constexpr double kOfCpu = 5e12, kOfOthers = 1e14;  // multiplied in a minute: two cores with AVX2, and a modest GPU
  const auto macs = static_cast<double>(card.macs_full());
  const double minute = macs > 0 ? (device.is_cpu() ? kOfCpu : kOfOthers) / (3 * macs) : 0;  // of three passes each
  const double allowed = std::max(kAllowedEach * static_cast<double>(images), minute) / gradients;
  const auto sample = std::min({images, kMostSampled, static_cast<int64_t>(std::min(allowed, 1e6))});
  return sample < std::min(images, fewest(1)) ? 0 : sample;
}

double Claim::gradients_each() const {
  double most = 1;
  for (const size_t r : attacks_) {
    for (const CellTally& cell : tallies_[r].cells) {
      const double passes = static_cast<double>(cell.audit.forward) + 2 * static_cast<double>(cell.audit.backward);
      most = std::max(most, passes / 3 / static_cast<double>(std::max<int64_t>(1, plan_.data.size())));
    }
  }
  return std::exp2(std::ceil(std::log2(most)));  // roughly, so that a near tie cannot change the sample
}

double Claim::cost_of_checks() const {
  // Noise, Square, FGSM, two PGDs and those of the gates; PGD on each other model; and what varies the claim's own.
  constexpr double kFixed = 200, kTransferred = 20, kVaried = 8;
  return kFixed + kTransferred * static_cast<double>(plan_.models.size()) + kVaried * gradients_each();
}

Claim::Claim(const SweepPlan& plan, const std::vector<RunTally>& tallies, size_t model, std::vector<size_t> runs)
    : plan_(plan), tallies_(tallies), model_(model), epsilon_(plan.epsilons.size()), runs_(std::move(runs)) {
  for (const size_t r : runs_) {
    if (plan.runs[r].attack && plan.runs[r].attack->wants_answer()) attacks_.push_back(r);
  }
  const int64_t size = plan.data.size(), count = sample_size(size, bare()->card(), cost_of_checks(), plan.device);
  const at::Tensor positions = equidistant(size, count);
  positions_ = listed(positions);
  sample_ = plan.data.select(positions);
  worst_ = {"the sweep's attacks", {}, bare()->card().draws};
  if (attacks_.empty()) return;
  for (size_t e = plan.epsilons.size(); e-- > 0;) {
    if (plan.epsilons[e] == 0) break;
    epsilon_ = e;
    worst_.hits = worst_hits(e);
    if (worst_.standing() >= fewest(1)) break;
  }
  if (!is_made()) return;
  strongest_ = with_fewest_right(attacks_, epsilon_);
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
  const auto made = attack_of(attack);
  if (!is_made() || !allows(*made)) return {};
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
