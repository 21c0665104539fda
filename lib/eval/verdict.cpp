#include "lib/eval/verdict.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/max.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <fmt/format.h>

#include <limits>

#include "lib/core/error.h"
#include "lib/core/levels.h"

namespace aigis {
namespace {

/// Two top logits closer than this times the largest logit may change places under another order of summation.
constexpr double kNearTie = 1e-5;
/// Probabilities in float32 add up to 1 as nearly as this.
constexpr double kProbability = 1e-4;

double ulp_of_one(at::ScalarType type) {
  return type == at::kDouble ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon();
}

/// How far a perturbation of size epsilon may seem to leave the ball by rounding alone: each pixel by half an ulp of 1.
/// In Linf an ulp; in other norms as much as n such errors add up to, and an ulp of the size itself.
double rounding(const at::Tensor& clean, Norm norm, double epsilon) {
  const double ulp = ulp_of_one(clean.scalar_type());
  if (norm == Norm::linf) return ulp;
  return ulp * (epsilon + largest_size(norm, clean[0].numel()));
}

/// [N]: by what share of the greatest logit (in size) that of the label exceeds all others.
at::Tensor margins_of(const at::Tensor& logits, const at::Tensor& labels) {
  constexpr double kNone = -std::numeric_limits<double>::infinity();
  const at::Tensor is_label = at::arange(logits.size(1), labels.options()).eq(labels.unsqueeze(1));
  const at::Tensor own = logits.masked_fill(is_label.logical_not(), kNone).amax(1);
  const at::Tensor others = logits.masked_fill(is_label, kNone).amax(1);
  return (own - others) / logits.abs().amax(1).clamp_min(std::numeric_limits<float>::min());
}

}  // namespace

Admitted admit(const at::Tensor& clean, const at::Tensor& proposed, Norm norm, double epsilon) {
  if (proposed.sizes() != clean.sizes()) {
    throw RunError(
        fmt::format("an attack proposed images of another shape than its input ({} dimensions)", proposed.dim()));
  }
  const at::NoGradGuard no_grad;
  Admitted result;
  if (clean.size(0) == 0) {
    result.images = proposed.clone();
    result.linf = result.l2 = result.l1 = result.l0 = clean.new_empty({0}, at::TensorOptions(at::kDouble));
    return result;
  }
  const at::Tensor finite = at::isfinite(proposed).flatten(1).all(1);
  result.not_finite = clean.size(0) - finite.sum().item<int64_t>();
  const at::Tensor candidate =
      result.not_finite == 0 ? proposed : at::where(per_image(finite, proposed), proposed, clean);

  const at::Tensor beyond = sizes_of(candidate - clean, norm) - epsilon;
  const at::Tensor outside = at::maximum(candidate - 1, -candidate).flatten(1).amax(1).to(at::kDouble);
  const double tolerance = ulp_of_one(clean.scalar_type());
  result.over_budget = beyond.gt(rounding(clean, norm, epsilon)).sum().item<int64_t>();
  result.out_of_box = outside.gt(tolerance).sum().item<int64_t>();
  result.worst_overshoot = std::max({0.0, beyond.max().item<double>(), outside.max().item<double>()});

  result.images = within(clean, candidate, norm, epsilon);
  const at::Tensor delta = result.images - clean;
  result.linf = sizes_of(delta, Norm::linf).cpu();
  result.l2 = sizes_of(delta, Norm::l2).cpu();
  result.l1 = sizes_of(delta, Norm::l1).cpu();
  result.l0 = sizes_of(delta, Norm::l0).cpu();
  return result;
}

at::Tensor quantized(const at::Tensor& clean, const at::Tensor& images) {
  const at::Tensor levels = images * 255, nearest = levels.round();
  const at::Tensor inwards = at::where(images.gt(clean), levels.floor(), levels.ceil());
  return from_levels(at::where((levels - nearest).abs().lt(kOnGrid * 255), nearest, inwards));
}

at::Tensor are_near_ties(const at::Tensor& margins) { return margins.abs().le(kNearTie); }

at::Tensor answers_of(const at::Tensor& logits) {
  return at::where(at::isfinite(logits).all(1), logits.argmax(1), kNoClass);
}

Judgement judge(Model& model, const at::Tensor& images, const Batch& batch, uint64_t seed, Purpose purpose) {
  const at::NoGradGuard no_grad;
  Judgement result;
  at::Tensor hits_top5, margins, near, probable, answered;
  std::vector<at::Tensor> answers, open;
  for (int64_t draw = 0; draw < model.card().draws; ++draw) {
    const Output output = model.forward(images, {{seed, purpose, 0, static_cast<uint32_t>(draw), 0}, batch.ids});
    answers.push_back(answers_of(output.logits));
    const at::Tensor finite = answers.back().ne(kNoClass);
    const at::Tensor logits = at::where(finite.unsqueeze(1), output.logits, 0.0);
    const auto [top, classes] = logits.topk(std::min<int64_t>(5, logits.size(1)), 1);
    const at::Tensor hit_top5 = classes.eq(batch.labels.unsqueeze(1)).any(1).logical_and(finite).to(at::kLong);
    const at::Tensor tie =
        (top.select(1, 0) - top.select(1, 1)).le(kNearTie * logits.abs().amax(1)).logical_and(finite);
    const at::Tensor margin = at::where(finite, margins_of(logits, batch.labels), -2.0);
    margins = margins.defined() ? at::where(margin.abs().lt(margins.abs()), margin, margins) : margin;
    hits_top5 = hits_top5.defined() ? hits_top5 + hit_top5 : hit_top5;
    answered = answered.defined() ? answered.logical_and(finite) : finite;
    near = near.defined() ? near.logical_or(tie) : tie;
    const at::Tensor sums_to_one =
        (logits.sum(1) - 1).abs().le(kProbability).logical_and(logits.amin(1).ge(0)).logical_and(logits.amax(1).le(1));
    probable = probable.defined() ? probable.logical_and(sums_to_one) : sums_to_one;
    if (output.gates.any()) open.push_back(output.gates.open.gt(0.5).cpu());
  }
  const at::Tensor all = at::stack(answers, 0);
  result.answers = all.cpu();
  result.hits = all.eq(batch.labels).sum(0).cpu();
  result.hits_top5 = hits_top5.cpu();
  result.margins = margins.cpu().to(at::kDouble);
  result.without_answer = answered.logical_not().sum().item<int64_t>();
  result.near_ties = near.sum().item<int64_t>();
  result.like_probabilities = probable.sum().item<int64_t>();
  if (!open.empty()) result.open = at::stack(open, 0);
  return result;
}

Judgement judge_clean(Model& model, const Batch& batch, uint64_t seed, Purpose purpose) {
  Judgement judgement = judge(model, batch.images, batch, seed, purpose);
  if (judgement.without_answer > 0) {
    throw RunError("the model's logits are not finite; its weights or input are broken");
  }
  return judgement;
}

}  // namespace aigis
