#include <fmt/format.h>

#include "bench/benchmarks.h"
#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/data/augment.h"
#include "lib/ops/recording.h"
#include "lib/train/trainer.h"

namespace aigis {

std::string bench_training(Network& network, const Dataset& data, int64_t batch, int64_t steps, at::Device device,
                           bool cuda_graph) {
  constexpr int64_t kWarmUp = 5;
  static_assert(kWarmUp > kWarmUps, "the step after a recording's own warm-ups records, and is not to be timed");
  TrainOptions options;
  options.batch = batch;
  options.cuda_graph = cuda_graph;
  Trainer trainer(network, data, data, options, device);
  network.set_training(true);
  const at::Tensor order = shuffled(data.size(), {0, Purpose::order});
  const int64_t batches = data.size() / batch;
  int64_t done = 0;
  // The loss after `count` more steps, which a GPU has then taken: reading it waits for them.
  const auto loss_after = [&](int64_t count) {
    at::Tensor loss;
    for (const int64_t end = done + count; done < end; ++done) {
      check_stop();
      const int64_t from = done % batches * batch;
      loss = trainer.step(order.slice(0, from, from + batch), 0, 0.01).loss;
    }
    return loss.item<double>();
  };
  loss_after(kWarmUp);
  const Stopwatch watch;
  const double loss = loss_after(steps), seconds = watch.seconds();
  return fmt::format("training {}: {:.0f} images/s, batch {}, {} steps, last loss {:.3f}\n",
                     network.card().architecture, static_cast<double>(batch * steps) / seconds, batch, steps, loss);
}

}  // namespace aigis
