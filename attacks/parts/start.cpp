#include "attacks/parts/start.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>

namespace aigis {

at::Tensor uniform_noise(const Batch& batch, const Stream& stream) {
  const PhiloxKey key = stream.key();
  const at::Tensor ids = batch.ids.contiguous();
  const int64_t* id = ids.const_data_ptr<int64_t>();
  const int64_t count = batch.images.size(0), elements = count == 0 ? 0 : batch.images.numel() / count;
  at::Tensor noise = at::empty(batch.images.sizes(), at::TensorOptions(at::kDouble));
  double* out = noise.mutable_data_ptr<double>();
  at::parallel_for(0, count, 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t e = 0; e < elements; e += 4) {
        const PhiloxBlock words = draw_block(key, static_cast<uint64_t>(id[i]), 0, static_cast<uint32_t>(e / 4));
        for (int64_t k = 0; k < std::min<int64_t>(4, elements - e); ++k) {
          out[i * elements + e + k] = 2 * open_uniform(words[static_cast<size_t>(k)]) - 1;
        }
      }
    }
  });
  return noise.to(batch.images.device(), batch.images.scalar_type());
}

}  // namespace aigis
