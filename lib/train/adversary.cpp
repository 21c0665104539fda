#include "lib/train/adversary.h"

#include <ATen/core/grad_mode.h>

#include "lib/core/stop.h"
#include "lib/eval/verdict.h"

namespace aigis {
namespace {

/// In evaluation mode and with weights that get no gradient.
class Attackable {
 public:
  explicit Attackable(Network& network) : network_(network), was_training_(network.is_training()) { set(false); }
  ~Attackable() { set(true); }
  Attackable(const Attackable&) = delete;
  Attackable& operator=(const Attackable&) = delete;

 private:
  void set(bool learns) {
    network_.set_training(learns && was_training_);
    for (auto& [name, tensor] : network_.named_weights()) tensor.set_requires_grad(learns);
  }
  Network& network_;
  bool was_training_;
};

}  // namespace

at::Tensor Adversary::perturbed(Network& network, const Batch& batch, uint64_t seed) const {
  const Attackable attackable(network);
  Victim victim(network, seed);
  const at::Tensor proposed = attack_->propose(victim, batch, Norm::linf, {epsilon_}).front();
  return admit(batch.images, proposed, Norm::linf, epsilon_).images;
}

Proportion Adversary::robust_accuracy(Network& network, const Dataset& data, uint64_t seed, at::Device device) const {
  constexpr int64_t kBatch = 100;
  Proportion accuracy;
  for (int64_t begin = 0; begin < data.size(); begin += kBatch) {
    check_stop();
    Batch batch = take(data, begin, kBatch, device);
    batch.images = perturbed(network, batch, seed);
    const at::NoGradGuard no_grad;
    const Output output = network.forward(batch.images, {{seed, Purpose::verdict_gates}, batch.ids});
    const at::Tensor correct = output.logits.argmax(1).eq(batch.labels).cpu();
    for (int64_t i = 0; i < correct.size(0); ++i) accuracy.add(correct.const_data_ptr<bool>()[i] ? 1 : 0, 1);
  }
  return accuracy;
}

}  // namespace aigis
