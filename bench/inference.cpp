#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "bench/benchmarks.h"
#include "lib/metrics/paired.h"

namespace aigis {

std::string bench_inference(Model& model, const Batch& batch, int64_t passes) {
  const at::NoGradGuard no_grad;
  const Pass pass{{0, Purpose::verdict_gates}, batch.ids};
  const double seconds = median_seconds([&] { model.forward(batch.images, pass).logits.sum().item<float>(); },
                                        passes);  // item() waits for a GPU
  const auto images = batch.labels.size(0);
  return fmt::format("inference of {}: {:.0f} images/s, batch {}, median of {} passes on {}\n",
                     model.card().architecture, static_cast<double>(images) / seconds, images, passes,
                     batch.images.device().str());
}

}  // namespace aigis
