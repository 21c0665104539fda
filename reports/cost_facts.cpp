#include "reports/cost_facts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "reports/before_and_after.h"

namespace aigis {
namespace {

/// A monitor of execution rates is thought to raise an alarm where an image executes more or less than usual by this
/// share of the gated layers' cost.
constexpr double kTolerance = 0.05;

/// Shares of the full cost at which the distribution is read: 5 %, 10 %, …, 100 %.
constexpr int64_t kExceedanceSteps = 20;

/// A budget is what this share of the clean passes keeps to.
constexpr double kBudgetShare = 0.95;

int64_t passes_of(const PassTally& pass) {
  return std::accumulate(pass.costs.begin(), pass.costs.end(), int64_t{0},
                         [](int64_t sum, const auto& cost) { return sum + cost.second; });
}

/// The least cost that a share of the passes keeps to.
int64_t quantile(const PassTally& pass, double share) {
  const double wanted = share * static_cast<double>(passes_of(pass));
  int64_t seen = 0;
  for (const auto& [macs, count] : pass.costs) {
    seen += count;
    if (static_cast<double>(seen) >= wanted) return macs;
  }
  return pass.costs.rbegin()->first;
}

/// The interval of a share of the passes. Draws of one image are not independent: it is that of as many trials as there
/// are images.
Interval interval_of(const PassTally& pass, double share) {
  const auto images = static_cast<double>(pass.accuracy.trials());
  return wilson(share * images, images);
}

template <class Counted>
double share_of(const PassTally& pass, Counted&& counted) {
  int64_t passes = 0;
  for (const auto& [macs, count] : pass.costs) passes += counted(macs) ? count : 0;
  return static_cast<double>(passes) / static_cast<double>(passes_of(pass));
}

Json share_above(const PassTally& pass, int64_t budget) {
  const double share = share_of(pass, [&](int64_t macs) { return macs > budget; });
  return {{"value", share}, {"ci95", interval_of(pass, share).to_json()}};
}

Json exceedance(const PassTally& clean, const PassTally& attacked, int64_t full) {
  return before_and_after(clean, attacked, kExceedanceSteps, [&](const PassTally& pass, size_t i) {
    const auto step = static_cast<int64_t>(i) + 1;
    const double share = share_of(pass, [&](int64_t macs) { return macs * kExceedanceSteps >= full * step; });
    return std::pair{share, interval_of(pass, share).to_json()};
  });
}

/// Between which costs a quantile lies: those of the shares that the interval of its own share reaches.
Json quantiles(const PassTally& clean, const PassTally& attacked) {
  constexpr std::array kShares{0.05, 0.25, 0.5, 0.75, 0.95};
  return before_and_after(clean, attacked, kShares.size(), [&](const PassTally& pass, size_t i) {
    const Interval shares = interval_of(pass, kShares[i]);
    return std::pair{quantile(pass, kShares[i]), Json{quantile(pass, shares.low), quantile(pass, shares.high)}};
  });
}

Json distribution(const ModelCard& card, const PassTally& clean, const PassTally& attacked) {
  if (clean.costs.empty() || attacked.costs.empty()) return nullptr;
  const int64_t budget = quantile(clean, kBudgetShare);
  return {{"quantiles", quantiles(clean, attacked)},
          {"budget", budget},
          {"over_budget", {{"before", share_above(clean, budget)}, {"after", share_above(attacked, budget)}}},
          {"exceedance", exceedance(clean, attacked, card.macs_full())}};
}

/// Each image's executed share of what gates may save, over its draws.
std::vector<double> executed_shares(const ModelCard& card, const PassTally& pass) {
  const auto draws = static_cast<double>(card.draws), always = static_cast<double>(card.macs_always);
  const double gated = static_cast<double>(card.macs_full()) - always;
  std::vector<double> shares;
  shares.reserve(pass.spent.size());
  for (const int64_t macs : pass.spent) shares.push_back((static_cast<double>(macs) / draws - always) / gated);
  return shares;
}

Json mean_macs_interval(const ModelCard& card, const PassTally& pass) {
  const auto always = static_cast<double>(card.macs_always), gated = static_cast<double>(card.macs_full()) - always;
  const Interval shares = mean_share_interval(executed_shares(card, pass));
  return {always + gated * shares.low, always + gated * shares.high};
}

/// The interval of a ratio of means over the same images, by the delta method; where no image differs from the others,
/// as if one more might have, as far as Wilson's interval for none of them lets it.
Json recovery_interval(const ModelCard& card, const RunTally& tally, const CellTally& cell, double recovery) {
  const std::vector<double> before = executed_shares(card, tally.clean), after = executed_shares(card, cell.pass);
  std::vector<double> residues(before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    residues[i] = after[i] - before[i] - recovery * (1 - before[i]);
  }
  const double error = kNormal95 * mean_interval(residues).standard_error();
  const double half =
      (error > 0 ? error : wilson(0, static_cast<double>(residues.size())).high) / (1 - mean_of(before));
  return {recovery - half, std::min(1.0, recovery + half)};
}

/// Root of the mean over images of the variance from draw to draw.
Json spread(const PassTally& pass) {
  const Interval variance = mean_interval(pass.cost_spread);
  Json value{{"value", std::sqrt(mean_of(pass.cost_spread))}};
  value["ci95"] = {std::sqrt(std::max(0.0, variance.low)), std::sqrt(variance.high)};
  return value;
}

/// Whether each image executes what it did, by the tolerance.
std::vector<bool> unseen(const ModelCard& card, const RunTally& tally, const CellTally& cell) {
  const std::vector<double> before = executed_shares(card, tally.clean), after = executed_shares(card, cell.pass);
  constexpr double kRounding = 1e-9;
  std::vector<bool> passes(before.size());
  for (size_t i = 0; i < before.size(); ++i) passes[i] = std::abs(after[i] - before[i]) <= kTolerance + kRounding;
  return passes;
}

Json monitor(const ModelCard& card, const RunTally& tally, const CellTally& cell) {
  Proportion passed, wrong;
  for (const bool passes : unseen(card, tally, cell)) passed.add(passes ? card.draws : 0, card.draws);
  for (const int64_t draws : unseen_and_wrong(card, tally, cell)) wrong.add(draws, card.draws);
  return {{"tolerance", kTolerance}, {"unseen", passed.to_json()}, {"unseen_and_wrong", wrong.to_json()}};
}

}  // namespace

double executed_macs(const ModelCard& card, const PassTally& pass) {
  if (pass.spent.empty()) return static_cast<double>(card.macs_always);
  const auto passes = static_cast<double>(pass.spent.size()) * static_cast<double>(card.draws);
  return static_cast<double>(std::accumulate(pass.spent.begin(), pass.spent.end(), int64_t{0})) / passes;
}

std::vector<int64_t> unseen_and_wrong(const ModelCard& card, const RunTally& tally, const CellTally& cell) {
  const std::vector<bool> passes = unseen(card, tally, cell);
  std::vector<int64_t> wrong(passes.size());
  for (size_t i = 0; i < passes.size(); ++i) wrong[i] = passes[i] ? card.draws - cell.hits[i] : 0;
  return wrong;
}

Json cost_facts(const ModelCard& card, const RunTally& tally, const CellTally& cell) {
  const double before = executed_macs(card, tally.clean), after = executed_macs(card, cell.pass);
  const double saved = static_cast<double>(card.macs_full()) - before;
  const bool saves = saved > 0.5, is_gated = !tally.clean.spent.empty();
  const double recovery = saves ? std::min(1.0, (after - before) / saved) : 0;
  Json facts{{"before", before}, {"after", after}, {"recovery", saves ? Json(recovery) : Json()}};
  facts["ci95"] = is_gated ? Json{{"before", mean_macs_interval(card, tally.clean)},
                                  {"after", mean_macs_interval(card, cell.pass)},
                                  {"recovery", saves ? recovery_interval(card, tally, cell, recovery) : Json()}}
                           : Json();
  facts["spread"] =
      is_gated && card.draws > 1 ? Json{{"before", spread(tally.clean)}, {"after", spread(cell.pass)}} : Json();
  facts["monitor"] = is_gated ? monitor(card, tally, cell) : Json();
  facts["distribution"] = distribution(card, tally.clean, cell.pass);
  return facts;
}

}  // namespace aigis
