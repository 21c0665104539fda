#include "reports/likeness.h"

#include <numeric>
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

bool tell_classes_apart(const ClassGraphs& graphs) {
  return std::accumulate(graphs.weights.begin(), graphs.weights.end(), 0.0) > 0;
}

/// How alike the graph of each image that is not of class `k` is to that class's; empty where that tells nothing.
std::vector<double> alike(const ClassGraphs& graphs, size_t k, const PassTally& pass, int64_t draws) {
  std::vector<double> found;
  if (graphs.images[k] == 0 || !tell_classes_apart(graphs)) return found;
  for (size_t i = 0; i < pass.labels.size(); ++i) {
    if (static_cast<size_t>(pass.labels[i]) == k) continue;
    double distance = 0;
    for (size_t l = 0; l < graphs.layers; ++l) {
      const double open = static_cast<double>(pass.opened[i * graphs.layers + l]) / static_cast<double>(draws);
      const double rate = graphs.rates[k * graphs.layers + l];
      distance += graphs.weights[l] * (open * (1 - rate) + (1 - open) * rate);
    }
    found.push_back(1 - distance);
  }
  return found;
}

}  // namespace

std::vector<double> likeness_to(size_t k, const ModelCard& card, const PassTally& clean, const PassTally& pass) {
  return alike(class_graphs(card, clean), k, pass, card.draws);
}

Json likeness(const ModelCard& card, const PassTally& clean, const PassTally& attacked) {
  const ClassGraphs graphs = class_graphs(card, clean);
  return before_and_after(clean, attacked, graphs.images.size(), [&](const PassTally& pass, size_t k) {
    const std::vector<double> shares = alike(graphs, k, pass, card.draws);
    return shares.empty() ? std::pair<Json, Json>{}
                          : std::pair<Json, Json>{mean_of(shares), mean_share_interval(shares).to_json()};
  });
}

}  // namespace aigis
