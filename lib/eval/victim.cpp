#include "lib/eval/victim.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "lib/core/error.h"

namespace aigis {
namespace {

int64_t count_of(const at::Tensor& counter) { return counter.defined() ? counter.item<int64_t>() : 0; }

}  // namespace

void AttackAudit::merge(const AttackAudit& other) {
  forward += other.forward;
  backward += other.backward;
  zero_gradients += other.zero_gradients;
  bad_gradients += other.bad_gradients;
  for (const Stage& stage : other.stages) {
    const auto known =
        std::find_if(stages.begin(), stages.end(), [&](const Stage& s) { return s.attack == stage.attack; });
    if (known == stages.end()) {
      stages.push_back(stage);
    } else {
      known->tried += stage.tried;
      known->broken += stage.broken;
    }
  }
}

Victim::Victim(Model& model, uint64_t seed, Judge judge) : model_(model), seed_(seed), judge_(judge) {
  if (model.is_training()) throw RunError("a model in training mode cannot be attacked; call freeze() first");
}

Pass Victim::pass(const at::Tensor& ids, const Position& position, const GatePath& path) const {
  const Stream noise{seed_, Purpose::attack_gates, position.restart, position.draw, position.step};
  return {noise, ids, path.gradient, path.temperature};
}

Victim::Gradient Victim::gradient(const at::Tensor& images, const at::Tensor& ids, const Loss& loss,
                                  const Position& position, const GatePath& path) {
  const int64_t count = images.size(0);
  if (count == 0) {
    return {images.clone(), images.new_empty({0}), images.new_empty({0, card().classes}),
            images.new_empty({0}, at::TensorOptions(at::kBool))};
  }
  const at::Tensor leaf = images.detach().set_requires_grad(true);
  const Output output = model_.forward(leaf, pass(ids, position, path));
  const at::Tensor losses = loss(output);
  if (losses.requires_grad()) losses.sum().backward();  // weights are frozen, so the leaf alone receives a gradient
  at::Tensor gradient = leaf.grad().defined() ? leaf.grad() : at::zeros_like(images);

  audit_.forward += count;
  audit_.backward += count;
  const at::Tensor sums = gradient.abs().sum({1, 2, 3});  // one pass finds both: NaN and infinity spread to the sum
  const at::Tensor zero = sums.eq(0), bad = at::isfinite(sums).logical_not();
  zero_ = zero_.defined() ? zero_ + zero.sum() : zero.sum();
  bad_ = bad_.defined() ? bad_ + bad.sum() : bad.sum();
  gradient = at::where(bad.view({-1, 1, 1, 1}), at::zeros_like(gradient), gradient);
  return {gradient, losses.detach(), output.logits.detach(), zero.logical_or(bad)};
}

Output Victim::forward(const at::Tensor& images, const at::Tensor& ids, const Position& position) {
  const at::NoGradGuard no_grad;
  audit_.forward += images.size(0);
  return model_.forward(images, pass(ids, position, {}));
}

void Victim::credit(const std::string& attack, int64_t tried, int64_t broken) {
  AttackAudit one;
  one.stages = {{attack, tried, broken}};
  audit_.merge(one);
}

AttackAudit Victim::audit() const {
  AttackAudit audit = audit_;
  audit.zero_gradients = count_of(zero_);
  audit.bad_gradients = count_of(bad_);
  return audit;
}

}  // namespace aigis
