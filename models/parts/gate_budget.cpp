#include "models/parts/gate_budget.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>

namespace aigis {

double rate_logit(double rate) {
  const double p = std::clamp(rate, 1e-6, 1 - 1e-6);
  return std::log(p / (1 - p));
}

at::Tensor budget_shifts(const std::vector<double>& rates, int64_t budget) {
  const auto layers = static_cast<int64_t>(rates.size());
  at::Tensor shifts = at::empty({layers, budget + 1}, at::TensorOptions(at::kDouble));
  for (int64_t l = 0; l < layers; ++l) {
    for (int64_t left = 0; left <= budget; ++left) {
      double low = -40, high = 40;  // beyond, every layer is certain
      for (int step = 0; step < 50; ++step) {
        const double shift = (low + high) / 2;
        double expected = 0;
        for (int64_t j = l; j < layers; ++j) {
          expected += 1 / (1 + std::exp(-rate_logit(rates[static_cast<size_t>(j)]) - shift));
        }
        (expected < static_cast<double>(left) ? low : high) = shift;
      }
      shifts[l][left] = (low + high) / 2;
    }
  }
  return shifts;
}

}  // namespace aigis
