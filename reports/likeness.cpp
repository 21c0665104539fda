#include "reports/likeness.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "lib/metrics/class_weights.h"
#include "reports/before_and_after.h"

namespace aigis {
namespace {

/// What the clean graphs of classes have to say, as likeness needs it.
struct ClassGraphs {
  size_t layers;
  std::vector<int64_t> images;  ///< [K]
  std::vector<double> rates;    ///< [K * L] share of passes in which a layer ran; 0 for a class without images
  std::vector<double> weights;  ///< [L] 1 in sum; 0 if no layer tells classes apart

  std::span<const double> of(size_t k) const { return std::span(rates).subspan(k * layers, layers); }
  /// Whether likeness to class `k` tells anything.
  bool tell(size_t k) const { return images[k] > 0 && std::accumulate(weights.begin(), weights.end(), 0.0) > 0; }
};

ClassGraphs class_graphs(const ModelCard& card, const PassTally& clean) {
  const size_t layers = card.gated.size(), classes = static_cast<size_t>(card.classes);
  ClassGraphs graphs{layers, std::vector<int64_t>(classes), std::vector<double>(classes * layers),
                     std::vector<double>(layers)};
  for (size_t i = 0; i < clean.labels.size(); ++i) {
    const auto k = static_cast<size_t>(clean.labels[i]);
    ++graphs.images[k];
    for (size_t l = 0; l < layers; ++l) {
      graphs.rates[k * layers + l] += static_cast<double>(clean.opened[i * layers + l]);
    }
  }
  std::vector<std::vector<double>> of_classes;  // that have images
  for (size_t k = 0; k < classes; ++k) {
    if (graphs.images[k] == 0) continue;
    std::vector<double>& rates = of_classes.emplace_back();
    for (size_t l = 0; l < layers; ++l) {
      double& rate = graphs.rates[k * layers + l];
      rate /= static_cast<double>(graphs.images[k] * card.draws);
      rates.push_back(rate);
    }
  }
  if (!of_classes.empty()) graphs.weights = class_weights(of_classes);
  return graphs;
}

/// The mean likeness to class `k` of passes of which such shares ran each layer: likeness is linear in a graph's gates.
double alike(const ClassGraphs& graphs, size_t k, std::span<const double> open) {
  const std::span<const double> rates = graphs.of(k);
  double distance = 0;
  for (size_t l = 0; l < graphs.layers; ++l) {
    distance += graphs.weights[l] * (open[l] * (1 - rates[l]) + (1 - open[l]) * rates[l]);
  }
  return 1 - distance;
}

/// How alike the graph of each image that is not of class `k` is to that class's; empty where that tells nothing.
std::vector<double> others_alike(const ClassGraphs& graphs, size_t k, const PassTally& pass, int64_t draws) {
  std::vector<double> found, open(graphs.layers);
  if (!graphs.tell(k)) return found;
  for (size_t i = 0; i < pass.labels.size(); ++i) {
    if (static_cast<size_t>(pass.labels[i]) == k) continue;
    for (size_t l = 0; l < graphs.layers; ++l) {
      open[l] = static_cast<double>(pass.opened[i * graphs.layers + l]) / static_cast<double>(draws);
    }
    found.push_back(alike(graphs, k, open));
  }
  return found;
}

/// Each layer as it mostly is: of all graphs the most alike, whether any pass ran it or not.
std::vector<double> majority(std::span<const double> rates) {
  std::vector<double> open(rates.size());
  std::transform(rates.begin(), rates.end(), open.begin(), [](double rate) { return rate > 0.5 ? 1.0 : 0.0; });
  return open;
}

}  // namespace

std::vector<double> likeness_to(size_t k, const ModelCard& card, const PassTally& clean, const PassTally& pass) {
  return others_alike(class_graphs(card, clean), k, pass, card.draws);
}

Json likeness(const ModelCard& card, const PassTally& clean, const PassTally& attacked) {
  const ClassGraphs graphs = class_graphs(card, clean);
  Json facts = before_and_after(clean, attacked, graphs.images.size(), [&](const PassTally& pass, size_t k) {
    const std::vector<double> shares = others_alike(graphs, k, pass, card.draws);
    return shares.empty() ? std::pair<Json, Json>{}
                          : std::pair<Json, Json>{mean_of(shares), mean_share_interval(shares).to_json()};
  });
  Json own = Json::array(), most = Json::array();
  for (size_t k = 0; k < graphs.images.size(); ++k) {
    own.push_back(graphs.tell(k) ? Json(alike(graphs, k, graphs.of(k))) : Json());
    most.push_back(graphs.tell(k) ? Json(alike(graphs, k, majority(graphs.of(k)))) : Json());
  }
  facts["own"] = own;
  facts["most"] = most;
  return facts;
}

}  // namespace aigis
