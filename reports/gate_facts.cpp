#include "reports/gate_facts.h"

#include <numeric>

namespace aigis {

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

}  // namespace aigis
