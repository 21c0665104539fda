#include "checks/claim.h"

#include <fmt/format.h>

#include <algorithm>

#include "attacks/list.h"
#include "checks/variation.h"
#include "lib/core/error.h"
#include "lib/core/workers.h"

namespace aigis {

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

std::shared_ptr<const Attack> Claim::with_losses() const {
  constexpr int64_t kLeast = 20, kMost = 1000;
  const auto& attack = strongest().attack;
  if (attack->options().contains("loss")) return attack;
  const int64_t steps = std::clamp(whole_option(*attack, "steps", 1), kLeast, kMost);
  return challenger(fmt::format("pgd:keep=best,steps={},restarts={}", steps, whole_option(*attack, "restarts", 1)));
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

}  // namespace aigis
