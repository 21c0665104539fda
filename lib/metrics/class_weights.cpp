#include "lib/metrics/class_weights.h"

#include <numeric>

#include "lib/metrics/interval.h"

namespace aigis {

std::vector<double> class_weights(const std::vector<std::vector<double>>& rates) {
  std::vector<double> weights(rates.empty() ? 0 : rates.front().size());
  for (size_t l = 0; l < weights.size(); ++l) {
    std::vector<double> of_layer;
    for (const std::vector<double>& of_class : rates) of_layer.push_back(of_class[l]);
    const double mean = mean_of(of_layer);
    for (const double rate : of_layer) weights[l] += (rate - mean) * (rate - mean);
  }
  constexpr double kRounding = 1e-20;  // more than the squares of equal rates' distances from their rounded mean
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight = sum > kRounding ? weight / sum : 0;
  return weights;
}

}  // namespace aigis
