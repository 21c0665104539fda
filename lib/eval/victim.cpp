#include "lib/eval/victim.h"

#include <ATen/ops/isfinite.h>
#include <ATen/ops/log_softmax.h>

#include "lib/core/error.h"

namespace aigis {

at::Tensor cross_entropy(const Output& output, const at::Tensor& labels) {
  return -at::log_softmax(output.logits, 1).gather(1, labels.unsqueeze(1)).squeeze(1);
}

void AttackAudit::merge(const AttackAudit& other) {
  forward += other.forward;
  backward += other.backward;
  zero_gradients += other.zero_gradients;
  bad_gradients += other.bad_gradients;
}

Victim::Victim(Model& model, uint64_t seed) : model_(model), seed_(seed) {
  if (model.is_training()) throw RunError("a model in training mode cannot be attacked; call freeze() first");
}

Victim::Gradient Victim::gradient(const at::Tensor& images, const Batch& batch, const Loss& loss,
                                  const Position& position, GateGradient gates) {
  if (images.size(0) == 0) return {images.clone(), images.new_empty({0})};
  const at::Tensor leaf = images.detach().set_requires_grad(true);
  const Stream noise{seed_, Purpose::attack_gates, position.restart, position.draw, position.step};
  const at::Tensor losses = loss(model_.forward(leaf, {noise, batch.ids, gates}), batch.labels);
  losses.sum().backward();  // weights are frozen, so the leaf alone receives a gradient
  const at::Tensor gradient = leaf.grad().defined() ? leaf.grad() : images.new_zeros(images.sizes());

  const int64_t count = images.size(0);
  audit_.forward += count;
  audit_.backward += count;
  const at::Tensor sums = gradient.abs().sum({1, 2, 3});  // one pass finds both: NaN and infinity spread to the sum
  const at::Tensor zero = sums.eq(0).sum(), bad = at::isfinite(sums).logical_not().sum();
  audit_.zero_gradients += zero.item<int64_t>();
  audit_.bad_gradients += bad.item<int64_t>();
  return {gradient, losses.detach()};
}

}  // namespace aigis
