#include "lib/train/adversary.h"

#include "lib/eval/forward_in.h"
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

/// The network as a training step runs it.
class InPrecision : public Model {
 public:
  InPrecision(Network& network, at::ScalarType type) : network_(network), type_(type) {}
  Output forward(const at::Tensor& images, const Pass& pass) override {
    return forward_in(type_, network_, images, pass);
  }
  const ModelCard& card() const override { return network_.card(); }
  bool is_training() const override { return network_.is_training(); }

 private:
  Network& network_;
  at::ScalarType type_;
};

}  // namespace

at::Tensor Adversary::perturbed(Network& network, const Batch& batch, uint64_t seed, at::ScalarType type) const {
  const Attackable attackable(network);
  InPrecision attacked(network, type);
  Victim victim(attacked, seed);
  const at::Tensor proposed = attack_->propose(victim, batch, Norm::linf, {epsilon_}).front();
  return admit(batch.images, proposed, Norm::linf, epsilon_).images;
}

}  // namespace aigis
