#include "reports/gate_facts.h"

#include <numeric>

#include "lib/metrics/comparison.h"

namespace aigis {
namespace {

/// What swapping says: how much of the damage the graph does, the features do, and both together; paired, with
/// intervals.
Json swap_json(const ModelCard& card, const RunTally& tally, const CellTally& cell) {
  if (cell.adversarial_on_clean.empty()) return nullptr;
  const auto accuracy = [&](const std::vector<int64_t>& hits) {
    Proportion right;
    for (const int64_t hit : hits) right.add(hit, card.draws);
    return right.to_json();
  };
  const auto damage = [&](const std::vector<int64_t>& hits) {
    PairedComparison pair;
    for (size_t i = 0; i < hits.size(); ++i) pair.add(tally.clean_hits[i], card.draws, hits[i], card.draws);
    return Json{{"value", pair.difference()}, {"ci95", pair.interval().to_json()}};
  };
  return {{"clean_on_adversarial_gates", accuracy(cell.clean_on_adversarial)},
          {"adversarial_on_clean_gates", accuracy(cell.adversarial_on_clean)},
          {"damage",
           {{"graph", damage(cell.clean_on_adversarial)},
            {"features", damage(cell.adversarial_on_clean)},
            {"both", damage(cell.hits)}}}};
}

/// By class: how alike the graphs that images of other classes execute are to that class's clean graph, as
/// 1 - sum_l w_l |g_l - q_l| with w_l the variance of clean rates between classes; null for a class without images.
Json likeness(const PassTally& clean, const PassTally& pass, size_t layers) {
  const size_t classes = clean.passes.size();
  const auto rate = [&](size_t k, size_t l) {
    return static_cast<double>(clean.open[k * layers + l]) / static_cast<double>(clean.passes[k]);
  };
  std::vector<double> weight(layers);
  for (size_t l = 0; l < layers; ++l) {
    std::vector<double> rates;
    for (size_t k = 0; k < classes; ++k) {
      if (clean.passes[k] > 0) rates.push_back(rate(k, l));
    }
    for (const double one : rates) weight[l] += (one - mean_of(rates)) * (one - mean_of(rates));
  }
  const double sum = std::accumulate(weight.begin(), weight.end(), 0.0);
  Json list = Json::array();
  for (size_t k = 0; k < classes; ++k) {
    double distance = 0, passes = 0;
    for (size_t j = 0; j < classes; ++j) {
      if (j == k || clean.passes[k] == 0 || sum == 0) continue;
      const auto of_class = static_cast<double>(pass.passes[j]);
      passes += of_class;
      for (size_t l = 0; l < layers; ++l) {
        const auto open = static_cast<double>(pass.open[j * layers + l]);
        distance += weight[l] / sum * (open * (1 - rate(k, l)) + (of_class - open) * rate(k, l));
      }
    }
    list.push_back(passes > 0 ? Json(1 - distance / passes) : Json());
  }
  return list;
}

}  // namespace

Json gate_rates(const PassTally& pass, size_t layers) {
  const size_t classes = pass.passes.size();
  Json per_class = Json::array();
  for (size_t k = 0; k < classes; ++k) {
    Json row = Json::array();
    for (size_t l = 0; l < layers && pass.passes[k] > 0; ++l) {
      row.push_back(static_cast<double>(pass.open[k * layers + l]) / static_cast<double>(pass.passes[k]));
    }
    per_class.push_back(pass.passes[k] > 0 ? row : Json());
  }
  Json per_layer = Json::array();
  for (const Proportion& layer : pass.by_layer) per_layer.push_back(layer.value());
  return {{"mean", pass.rate.value()}, {"per_layer", per_layer}, {"per_class", per_class}};
}

Json gate_facts(const ModelCard& card, const RunTally& tally, const CellTally& cell) {
  const size_t layers = card.gated.size();
  if (layers == 0) return nullptr;
  // Gates that do not draw cannot flip by chance.
  const Proportion chance = card.has_random_gates ? tally.redraw_flipped : Proportion();
  const auto rates = [layers](const PassTally& pass) {
    Json json = gate_rates(pass, layers);
    json["ci95"] = pass.rate.interval().to_json();
    json["per_layer_ci95"] = Json::array();
    for (const Proportion& layer : pass.by_layer) json["per_layer_ci95"].push_back(layer.interval().to_json());
    return json;
  };
  return {
      {"before", rates(tally.clean)},
      {"after", rates(cell.pass)},
      {"flipped",
       {{"share", cell.flipped.value()},
        {"ci95", cell.flipped.interval().to_json()},
        {"share_on_clean_redraw", chance.value()},
        {"ci95_on_clean_redraw", card.has_random_gates ? chance.interval().to_json() : Json{0, 0}}}},
      {"executed_layers_histogram", {{"before", tally.clean.histogram}, {"after", cell.pass.histogram}}},
      {"likeness",
       {{"before", likeness(tally.clean, tally.clean, layers)}, {"after", likeness(tally.clean, cell.pass, layers)}}},
      {"swap", swap_json(card, tally, cell)}};
}

}  // namespace aigis
