#include "reports/gate_facts.h"

#include <numeric>

#include "lib/metrics/comparison.h"
#include "reports/likeness.h"

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
    PairedComparison pair(card.draws, card.draws);
    for (size_t i = 0; i < hits.size(); ++i) pair.add(tally.clean_hits[i], hits[i]);
    return Json{{"value", pair.difference()}, {"ci95", pair.interval().to_json()}};
  };
  return {{"clean_on_adversarial_gates", accuracy(cell.clean_on_adversarial)},
          {"adversarial_on_clean_gates", accuracy(cell.adversarial_on_clean)},
          {"damage",
           {{"graph", damage(cell.clean_on_adversarial)},
            {"features", damage(cell.adversarial_on_clean)},
            {"both", damage(cell.hits)}}}};
}

Json values(const std::vector<Proportion>& shares) {
  Json list = Json::array();
  for (const Proportion& share : shares) list.push_back(share.value());
  return list;
}

Json intervals(const std::vector<Proportion>& shares) {
  Json list = Json::array();
  for (const Proportion& share : shares) list.push_back(share.interval().to_json());
  return list;
}

}  // namespace

Json gate_rates(const ModelCard& card, const PassTally& pass) {
  const size_t layers = card.gated.size();
  Proportion all;
  std::vector<Proportion> by_layer(layers);
  std::vector<std::vector<Proportion>> by_class(static_cast<size_t>(card.classes));
  for (size_t i = 0; i < pass.labels.size(); ++i) {
    const int64_t* opened = pass.opened.data() + i * layers;
    std::vector<Proportion>& of_class = by_class[static_cast<size_t>(pass.labels[i])];
    of_class.resize(layers);
    for (size_t l = 0; l < layers; ++l) {
      by_layer[l].add(opened[l], card.draws);
      of_class[l].add(opened[l], card.draws);
    }
    all.add(std::accumulate(opened, opened + layers, int64_t{0}), card.draws * static_cast<int64_t>(layers));
  }
  Json classes = Json::array(), class_intervals = Json::array();
  for (const auto& of_class : by_class) {
    classes.push_back(of_class.empty() ? Json() : values(of_class));
    class_intervals.push_back(of_class.empty() ? Json() : intervals(of_class));
  }
  return {{"mean", all.value()},           {"ci95", all.share_interval().to_json()},
          {"per_layer", values(by_layer)}, {"per_layer_ci95", intervals(by_layer)},
          {"per_class", classes},          {"per_class_ci95", class_intervals}};
}

Json gate_facts(const ModelCard& card, const RunTally& tally, const CellTally& cell) {
  if (card.gated.empty()) return nullptr;
  // Gates that do not draw cannot flip by chance.
  const Proportion chance = card.has_random_gates ? tally.redraw_flipped : Proportion();
  return {{"before", gate_rates(card, tally.clean)},
          {"after", gate_rates(card, cell.pass)},
          {"flipped",
           {{"share", cell.flipped.value()},
            {"ci95", cell.flipped.share_interval().to_json()},
            {"share_on_clean_redraw", chance.value()},
            {"ci95_on_clean_redraw", card.has_random_gates ? chance.share_interval().to_json() : Json{0, 0}}}},
          {"executed_layers_histogram", {{"before", tally.clean.histogram}, {"after", cell.pass.histogram}}},
          {"likeness", likeness(card, tally.clean, cell.pass)},
          {"swap", swap_json(card, tally, cell)}};
}

}  // namespace aigis
