#include "reports/gate_facts.h"

#include <numeric>

namespace aigis {
namespace {

int64_t count_of(const PassTally& pass) {
  return std::accumulate(pass.costs.begin(), pass.costs.end(), int64_t{0},
                         [](int64_t sum, const auto& cost) { return sum + cost.second; });
}

/// The least cost that a share of the passes keeps to.
int64_t quantile(const PassTally& pass, double share) {
  const double wanted = share * static_cast<double>(count_of(pass));
  int64_t seen = 0;
  for (const auto& [macs, count] : pass.costs) {
    seen += count;
    if (static_cast<double>(seen) >= wanted) return macs;
  }
  return pass.costs.rbegin()->first;
}

/// Draws of one image are not independent: the interval is that of as many trials as there are images.
Json share_above(const PassTally& pass, int64_t budget) {
  int64_t above = 0;
  for (const auto& [macs, count] : pass.costs) above += macs > budget ? count : 0;
  const double share = static_cast<double>(above) / static_cast<double>(count_of(pass));
  const auto images = static_cast<double>(pass.accuracy.trials());
  const Interval interval = wilson(share * images, images);
  return {{"value", share}, {"ci95", {interval.low, interval.high}}};
}

}  // namespace

Json gate_rates(const PassTally& pass, size_t layers) {
  const size_t classes = pass.passes.size();
  Json per_class = Json::array();
  std::vector<int64_t> open(layers);
  for (size_t k = 0; k < classes; ++k) {
    Json row = Json::array();
    for (size_t l = 0; l < layers; ++l) {
      const int64_t count = pass.open[k * layers + l];
      open[l] += count;
      if (pass.passes[k] > 0) row.push_back(static_cast<double>(count) / static_cast<double>(pass.passes[k]));
    }
    per_class.push_back(pass.passes[k] > 0 ? row : Json());
  }
  const auto total = static_cast<double>(std::accumulate(pass.passes.begin(), pass.passes.end(), int64_t{0}));
  std::vector<double> per_layer(layers);
  for (size_t l = 0; l < layers; ++l) per_layer[l] = total > 0 ? static_cast<double>(open[l]) / total : 0;
  const double mean = std::accumulate(per_layer.begin(), per_layer.end(), 0.0) / static_cast<double>(layers);
  return {{"mean", mean}, {"per_layer", per_layer}, {"per_class", per_class}};
}

double executed_macs(const ModelCard& card, const PassTally& pass) {
  const size_t layers = card.gated.size();
  auto macs = static_cast<double>(card.macs_always);
  const auto total = static_cast<double>(std::accumulate(pass.passes.begin(), pass.passes.end(), int64_t{0}));
  for (size_t i = 0; i < pass.open.size() && total > 0; ++i) {
    macs += static_cast<double>(pass.open[i]) / total * static_cast<double>(card.gated[i % layers].macs);
  }
  return macs;
}

Json cost_facts(const PassTally& clean, const PassTally& attacked) {
  if (clean.costs.empty() || attacked.costs.empty()) return nullptr;
  const auto quantiles = [](const PassTally& pass) {
    Json list = Json::array();
    for (const double share : {0.05, 0.25, 0.5, 0.75, 0.95}) list.push_back(quantile(pass, share));
    return list;
  };
  const int64_t budget = quantile(clean, 0.95);
  return {{"quantiles", {{"before", quantiles(clean)}, {"after", quantiles(attacked)}}},
          {"budget", budget},
          {"over_budget", {{"before", share_above(clean, budget)}, {"after", share_above(attacked, budget)}}}};
}

}  // namespace aigis
