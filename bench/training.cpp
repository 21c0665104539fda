#include <fmt/format.h>

#include "bench/benchmarks.h"
#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/data/augment.h"
#include "lib/train/trainer.h"

namespace aigis {

std::string bench_training(Network& network, const Dataset& data, int64_t batch, int64_t steps, at::Device device) {
  constexpr int64_t kWarmUp = 5;
  TrainOptions options;
  options.batch = batch;
  Trainer trainer(network, data, data, options, device);
  network.set_training(true);
  const at::Tensor order = shuffled(data.size(), {0, Purpose::order});
  const int64_t batches = data.size() / batch;
  Stopwatch watch;
  double begin = 0;
  at::Tensor loss;
  for (int64_t i = 0; i < kWarmUp + steps; ++i) {
    check_stop();
    if (i == kWarmUp) {
      loss.item<double>();  // waits for what a GPU still has to do of the warm-up
      begin = watch.seconds();
    }
    const int64_t from = i % batches * batch;
    loss = trainer.step(order.slice(0, from, from + batch), 0, 0.01).loss;
  }
  const double last_loss = loss.item<double>();
  const double seconds = watch.seconds() - begin;
  return fmt::format("training {}: {:.0f} images/s, batch {}, {} steps, last loss {:.3f}\n",
                     network.card().architecture, static_cast<double>(batch * steps) / seconds, batch, steps,
                     last_loss);
}

}  // namespace aigis
