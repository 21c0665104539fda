#include "lib/metrics/bootstrap.h"

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "lib/core/philox.h"

namespace aigis {

Bootstrap::Bootstrap(int64_t images, int64_t resamples)
    : weights_(at::zeros({resamples, images}, at::TensorOptions(at::kFloat))) {
  const PhiloxKey key = Stream{0, Purpose::resampling}.key();
  auto* weight = weights_.mutable_data_ptr<float>();
  for (int64_t r = 0; r < resamples; ++r, weight += images) {
    for (int64_t i = 0; i < images; i += 4) {
      const PhiloxBlock words = draw_block(key, static_cast<uint64_t>(r), 0, static_cast<uint32_t>(i / 4));
      for (int64_t k = 0; k < std::min<int64_t>(4, images - i); ++k) {
        const double place = open_uniform(words[static_cast<size_t>(k)]) * static_cast<double>(images);
        weight[static_cast<int64_t>(place)] += 1;
      }
    }
  }
}

Bootstrap::Result Bootstrap::mean(const std::vector<double>& values) const {
  if (values.empty()) return {0, {0, 0}};
  const auto count = static_cast<double>(values.size());
  const double mean = mean_of(values);
  std::vector<double> deviations;  // the values themselves, in float32, would have another mean
  for (const double value : values) deviations.push_back(value - mean);
  const at::Tensor numbers = at::tensor(deviations, at::TensorOptions(at::kFloat));
  const at::Tensor means = std::get<0>((weights_.matmul(numbers) / count).to(at::kDouble).sort());
  const auto ends = std::minmax_element(values.begin(), values.end());
  // Linear between order statistics, as numpy's quantiles are.
  const auto quantile = [&, least = *ends.first, greatest = *ends.second](double p) {
    const double place = p * static_cast<double>(means.size(0) - 1);
    const auto below = static_cast<int64_t>(place);
    const auto above = std::min(below + 1, means.size(0) - 1);
    const double low = means[below].item<double>(), high = means[above].item<double>();
    return std::clamp(mean + low + (place - static_cast<double>(below)) * (high - low), least, greatest);
  };
  return {mean, {quantile(0.025), quantile(0.975)}};
}

}  // namespace aigis
