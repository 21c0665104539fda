#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "bench/benchmarks.h"
#include "bench/paired.h"
#include "lib/core/progress.h"
#include "lib/core/stop.h"

namespace aigis {

std::string bench_inference(Model& model, const Batch& batch, int64_t passes) {
  constexpr int64_t kWarmUp = 3;
  const at::NoGradGuard no_grad;
  const Pass pass{{0, Purpose::verdict_gates}, batch.ids};
  std::vector<double> seconds;
  for (int64_t i = -kWarmUp; i < passes; ++i) {
    check_stop();
    const Stopwatch watch;
    model.forward(batch.images, pass).logits.sum().item<float>();  // waits for a GPU
    if (i >= 0) seconds.push_back(watch.seconds());
  }
  const auto images = batch.labels.size(0);
  return fmt::format("inference of {}: {:.0f} images/s, batch {}, median of {} passes on {}\n",
                     model.card().architecture, static_cast<double>(images) / median(seconds), images, passes,
                     batch.images.device().str());
}

}  // namespace aigis
