#include "lib/ops/gate_logits.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

#include "lib/ops/rows.h"

namespace aigis {
namespace {

// Sums of this many pixels are added up as they come, sums of sums above: the error of float32 stays near that of one
// addition at 224x224 pixels too.
constexpr int64_t kRun = 64;

/// Sums [pixels, channels], as channels-last images lie, over pixels.
void sum_rows(const float* x, int64_t pixels, int64_t channels, float* part, float* sum) {
  std::fill_n(sum, channels, 0.0f);
  for (int64_t begin = 0; begin < pixels; begin += kRun) {
    std::fill_n(part, channels, 0.0f);
    for (int64_t p = begin; p < std::min(begin + kRun, pixels); ++p, x += channels) {
      for (int64_t c = 0; c < channels; ++c) part[c] += x[c];
    }
    for (int64_t c = 0; c < channels; ++c) sum[c] += part[c];
  }
}

/// Sums [channels, pixels] over pixels.
void sum_planes(const float* x, int64_t pixels, int64_t channels, float* sum) {
  for (int64_t c = 0; c < channels; ++c) {
    sum[c] = 0;
    for (int64_t begin = 0; begin < pixels; begin += kRun) {
      float part = 0;
      for (int64_t p = begin; p < std::min(begin + kRun, pixels); ++p) part += *x++;
      sum[c] += part;
    }
  }
}

}  // namespace

bool has_fast_gate_logits(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 && has_plain_rows(x);
}

at::Tensor gate_logits(const at::Tensor& x, const GateWeights& weights) {
  const int64_t channels = x.size(1), pixels = x.size(2) * x.size(3), hidden = weights.first.size(0);
  const bool channels_last = !x.is_contiguous();
  const float *first = weights.first.const_data_ptr<float>(), *first_bias = weights.first_bias.const_data_ptr<float>();
  const float *second = weights.second.const_data_ptr<float>(),
              second_bias = *weights.second_bias.const_data_ptr<float>();
  at::Tensor logits = at::empty({x.size(0)}, x.options());
  float* out = logits.mutable_data_ptr<float>();
  const float* image = x.const_data_ptr<float>();
  std::vector<float> means(static_cast<size_t>(channels)), part(means.size());
  for (int64_t i = 0; i < x.size(0); ++i, image += channels * pixels) {
    channels_last ? sum_rows(image, pixels, channels, part.data(), means.data())
                  : sum_planes(image, pixels, channels, means.data());
    for (auto& mean : means) mean /= static_cast<float>(pixels);
    float logit = second_bias;
    for (int64_t d = 0; d < hidden; ++d) {
      float unit = first_bias[d];
      for (int64_t c = 0; c < channels; ++c) unit += first[d * channels + c] * means[static_cast<size_t>(c)];
      logit += second[d] * std::max(unit, 0.0f);
    }
    *out++ = logit;
  }
  return logits;
}

}  // namespace aigis
