#include "lib/eval/victim.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <stdexcept>

#include "lib/core/error.h"
#include "lib/core/progress.h"
#include "lib/core/stop.h"
#include "lib/eval/verdict.h"

namespace aigis {
namespace {

/// The value of one and the gradient of the other.
at::Tensor joined(const at::Tensor& value, const at::Tensor& slope) { return value + (slope - slope.detach()); }

int64_t count_of(const at::Tensor& counter) { return counter.defined() ? counter.item<int64_t>() : 0; }

}  // namespace

const char* gate_gradient_name(GateGradient gradient) {
  switch (gradient) {
    case GateGradient::straight_through: return "straight-through";
    case GateGradient::relaxed: return "relaxed";
    case GateGradient::fixed_graph: return "fixed-graph";
    case GateGradient::expectation: return "expectation";
  }
  throw std::logic_error("unknown path of gradients through gates");
}

void AttackAudit::merge(const AttackAudit& other) {
  forward += other.forward;
  backward += other.backward;
  aside += other.aside;
  zero_gradients += other.zero_gradients;
  bad_gradients += other.bad_gradients;
  for (const auto& [answers, images] : other.broken_after) broken_after[answers] += images;
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

Output Victim::asked(const at::Tensor& images, const Pass& pass) {
  Output output = model_.forward(images, pass);
  audit_.forward += images.size(0) + output.repeated;
  return output;
}

Output Victim::seen(const at::Tensor& images, const at::Tensor& ids, const Position& position, const GatePath& path) {
  Output output = asked(images, pass(ids, position, path));
  if (path.gradient != GateGradient::relaxed || !output.gates.any()) return output;
  // Soft gates answer otherwise than hard ones, and what they get wrong need not be wrong.
  const Output hard = forward(images.detach(), ids, position);
  output.logits = joined(hard.logits, output.logits);
  output.gates.open = joined(hard.gates.open, output.gates.open);
  output.gates.logits = joined(hard.gates.logits, output.gates.logits);
  output.gates.probability = joined(hard.gates.probability, output.gates.probability);
  return output;
}

Victim::Gradient Victim::gradient(const at::Tensor& images, const at::Tensor& ids, const Loss& loss,
                                  const Position& position, const GatePath& path) {
  return gradients(images, ids, {loss}, position, path).front();
}

std::vector<Victim::Gradient> Victim::gradients(const at::Tensor& images, const at::Tensor& ids,
                                                at::ArrayRef<Loss> losses, const Position& position,
                                                const GatePath& path) {
  check_stop();  // at every query: an attack may take minutes over a batch
  const int64_t count = images.size(0);
  if (count == 0) {
    const Gradient none{images.clone(), images.new_empty({0}), images.new_empty({0, card().classes}),
                        images.new_empty({0}, at::TensorOptions(at::kBool))};
    return std::vector<Gradient>(losses.size(), none);
  }
  const at::Tensor leaf = images.detach().set_requires_grad(true);
  const Output output = seen(leaf, ids, position, path);
  std::vector<Gradient> each;
  for (size_t i = 0; i < losses.size(); ++i) {
    const auto [values, met] = losses[i](output);
    leaf.mutable_grad() = at::Tensor();
    // Weights are frozen, so the leaf alone receives a gradient.
    if (values.requires_grad()) values.sum().backward({}, /*retain_graph=*/i + 1 < losses.size());
    const auto [gradient, flat] = counted(leaf.grad().defined() ? leaf.grad() : at::zeros_like(images), met);
    each.push_back({gradient, values.detach(), output.logits.detach(), flat});
  }
  return each;
}

Victim::Gradients Victim::gradients(const at::Tensor& images, const at::Tensor& ids, const at::Tensor& classes,
                                    const at::Tensor& labels, const Position& position, const GatePath& path) {
  std::vector<Loss> losses;
  at::Tensor wrong, own;  // the same for every class: all are of one pass
  for (int64_t k = 0; k < classes.size(1); ++k) {
    losses.emplace_back([&, k](const Output& output) -> Losses {
      const at::Tensor& z = output.logits;
      if (k == 0) wrong = answers_of(z).ne(labels), own = z.gather(1, labels.unsqueeze(1));
      return {(z.gather(1, classes.slice(1, k, k + 1)) - own).squeeze(1), wrong};
    });
  }
  std::vector<at::Tensor> of_images, differences;
  const std::vector<Gradient> each = gradients(images, ids, losses, position, path);
  for (const Gradient& one : each) {
    of_images.push_back(one.images);
    differences.push_back(one.losses);
  }
  return {at::stack(of_images, 1), at::stack(differences, 1), each.front().logits};
}

std::pair<at::Tensor, at::Tensor> Victim::counted(const at::Tensor& gradient, const at::Tensor& met) {
  audit_.backward += gradient.size(0);
  const at::Tensor sums = gradient.abs().sum({1, 2, 3});  // one pass finds both: NaN and infinity spread to the sum
  const at::Tensor zero = sums.eq(0), bad = at::isfinite(sums).logical_not();
  const at::Tensor blind = (met.defined() ? zero.logical_and(met.logical_not()) : zero).sum();
  zero_ = zero_.defined() ? zero_ + blind : blind;
  bad_ = bad_.defined() ? bad_ + bad.sum() : bad.sum();
  return {at::where(bad.view({-1, 1, 1, 1}), at::zeros_like(gradient), gradient), zero.logical_or(bad)};
}

Output Victim::answer(const at::Tensor& images, const Pass& pass) {
  check_stop();
  const at::NoGradGuard no_grad;
  return asked(images, pass);
}

Output Victim::forward(const at::Tensor& images, const at::Tensor& ids, const Position& position,
                       const at::Tensor& graph) {
  Pass along = pass(ids, position, {});
  along.graph = graph;
  return answer(images, along);
}

Output Victim::look(const at::Tensor& images, const at::Tensor& ids, const Position& position) {
  Pass rough = pass(ids, position, {});
  rough.rough = true;
  return answer(images, rough);
}

Output Victim::aside(const at::Tensor& images, const at::Tensor& ids, const Position& position,
                     const at::Tensor& graph) {
  const Stopwatch watch;
  Output output = forward(images, ids, position, graph);
  audit_.aside += images.size(0) + output.repeated;
  aside_seconds_ += watch.seconds();
  return output;
}

void Victim::count_broken(int64_t answers, int64_t images, size_t budget) {
  if (images > 0) broken_after_[budget][answers] += images;
}

AttackAudit Victim::audit(size_t budget) const {
  AttackAudit audit = audit_;
  audit.stages = fallen_.stages();
  if (const auto found = broken_after_.find(budget); found != broken_after_.end()) audit.broken_after = found->second;
  audit.zero_gradients = count_of(zero_);
  audit.bad_gradients = count_of(bad_);
  return audit;
}

}  // namespace aigis
