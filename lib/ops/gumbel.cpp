#include "lib/ops/gumbel.h"

#include <ATen/ops/empty.h>

#include <cmath>

namespace aigis {

at::Tensor gate_noise(const Stream& stream, const at::Tensor& image_ids, int64_t layers) {
  const PhiloxKey key = stream.key();
  const at::Tensor ids = image_ids.contiguous();
  const int64_t* id = ids.const_data_ptr<int64_t>();
  at::Tensor noise = at::empty({ids.size(0), layers}, at::TensorOptions(at::kDouble));
  double* out = noise.mutable_data_ptr<double>();
  for (int64_t i = 0; i < ids.size(0); ++i) {
    for (int64_t layer = 0; layer < layers; ++layer) {
      const double u = open_uniform(draw_word(key, static_cast<uint64_t>(id[i]), static_cast<uint32_t>(layer)));
      *out++ = std::log(u) - std::log1p(-u);
    }
  }
  return noise;
}

at::Tensor decide_gate(const at::Tensor& logits, const at::Tensor& noise, GateGradient gradient, double temperature) {
  const at::Tensor score = noise.defined() ? logits + noise : logits;
  const at::Tensor hard = score.detach().gt(0).to(logits.scalar_type());
  const bool around = gradient == GateGradient::fixed_graph || gradient == GateGradient::expectation;
  if (around || !logits.requires_grad()) return hard;
  const at::Tensor soft = temperature == 1 ? score.sigmoid() : (score / temperature).sigmoid();
  if (gradient == GateGradient::relaxed) return soft;
  return hard + (soft - soft.detach());  // the bracket is exactly 0: the value stays in {0, 1}
}

}  // namespace aigis
