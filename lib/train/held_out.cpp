#include "lib/train/held_out.h"

#include <ATen/core/grad_mode.h>

#include <numeric>

#include "lib/core/stop.h"

namespace aigis {
namespace {

constexpr int64_t kBatch = 250;

}  // namespace

double HeldOutResult::mean_rate() const {
  return rates.empty() ? 1 : std::accumulate(rates.begin(), rates.end(), 0.0) / static_cast<double>(rates.size());
}

HeldOutResult evaluate_held_out(Model& model, const Dataset& data, uint64_t seed, at::Device device,
                                const std::function<at::Tensor(const Batch&)>& perturb) {
  HeldOutResult result;
  at::Tensor open;
  for (int64_t begin = 0; begin < data.size(); begin += kBatch) {
    check_stop();
    Batch batch = take(data, begin, kBatch, device);
    if (perturb) batch.images = perturb(batch);
    const at::NoGradGuard no_grad;
    const Output output = model.forward(batch.images, {{seed, Purpose::verdict_gates}, batch.ids});
    const at::Tensor correct = output.logits.argmax(1).eq(batch.labels).cpu();
    for (int64_t i = 0; i < correct.size(0); ++i) result.accuracy.add(correct.const_data_ptr<bool>()[i] ? 1 : 0, 1);
    if (output.gates.any()) {
      const at::Tensor count = output.gates.open.to(at::kDouble).sum(0).cpu();
      open = open.defined() ? open + count : count;
    }
  }
  if (open.defined()) {
    open = open / static_cast<double>(data.size());
    result.rates.assign(open.const_data_ptr<double>(), open.const_data_ptr<double>() + open.numel());
  }
  return result;
}

}  // namespace aigis
