#include "attacks/parts/auto_pgd_rows.h"

#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

namespace aigis {
namespace {

int64_t part_of(int64_t steps, double part) {
  return std::max<int64_t>(1, static_cast<int64_t>(part * static_cast<double>(steps)));
}

/// [n] pixel values that differ.
at::Tensor changes(const at::Tensor& x, const at::Tensor& clean) {
  return x.ne(clean).flatten(1).sum(1).to(x.scalar_type());
}

double pixels(const at::Tensor& images) { return static_cast<double>(c10::multiply_integers(images.sizes().slice(1))); }

constexpr double kSparser = 1.5;  ///< a step moves the changed pixel values' number over this

}  // namespace

Checkpoints::Checkpoints(int64_t steps, bool sparse)
    : next_(part_of(steps, sparse ? 0.04 : 0.22)), least_(sparse ? next_ : part_of(steps, 0.06)),
      shrink_(sparse ? 0 : part_of(steps, 0.03)) {}

bool Checkpoints::pass() {
  if (++since_ < next_) return false;
  period_ = next_;
  next_ = std::max(next_ - shrink_, least_);
  since_ = 0;
  return true;
}

void AutoPgdRows::keep(const at::Tensor& rows) {
  BatchRows::keep(rows);
  keep_rows(rows, {&x, &last_move, &gradient, &best, &best_gradient, &best_loss, &loss, &rises, &step, &was_halved,
                   &loss_at_check, &share, &changed});
  goal = goal.select(rows);
}

void AutoPgdRows::begin(Norm norm, double full) {
  last_move = at::zeros_like(x);
  best = x;
  best_gradient = gradient;
  best_loss = loss_at_check = loss;
  was_halved = at::ones_like(alive);
  step = at::full_like(loss, full);
  rises = at::zeros_like(loss);
  if (norm == Norm::l1 && !share.defined()) {
    share = at::full_like(loss, 0.2);
    changed = at::full_like(loss, pixels(clean));
  }
}

void AutoPgdRows::begin_sparse() {
  changed = changes(x, clean);
  share = changed / (kSparser * pixels(clean));
}

at::Tensor AutoPgdRows::sparse_direction() const {
  const at::Tensor size = gradient.abs().flatten(1);
  const at::Tensor rank = ((1 - share) * pixels(clean)).clamp(0, pixels(clean) - 1);
  const at::Tensor least = std::get<0>(size.sort(1)).gather(1, rank.to(at::kLong).unsqueeze(1));
  const at::Tensor sign = at::where(size.ge(least), gradient.flatten(1).sign(), 0.0);
  const at::Tensor count = sign.abs().sum(1, /*keepdim=*/true).clamp_min(1);
  return (sign / count).view(x.sizes());
}

at::Tensor AutoPgdRows::at_rest(const at::Tensor& flat) const {
  const auto is_zero = [](const at::Tensor& t) { return t.flatten(1).any(1).logical_not(); };
  return flat.logical_and(is_zero(last_move)).logical_and(is_zero(x - best));
}

void AutoPgdRows::remember() {
  const at::Tensor better = loss.gt(best_loss);
  best = at::where(per_image(better, x), x, best);
  best_gradient = at::where(per_image(better, x), gradient, best_gradient);
  best_loss = at::where(better, loss, best_loss);
}

void AutoPgdRows::halve(double rho, int64_t period) {
  const at::Tensor oscillates = rises.le(rho * static_cast<double>(period));
  const at::Tensor stands = was_halved.logical_not().logical_and(loss_at_check.ge(best_loss));
  was_halved = oscillates.logical_or(stands);
  loss_at_check = best_loss;
  step = at::where(was_halved, step / 2, step);
  rises = at::zeros_like(rises);
  go_back(was_halved);
}

void AutoPgdRows::sparsify(double full) {
  constexpr double kShorter = 1.5, kShortest = 10, kFewer = 0.95;
  const at::Tensor now = changes(best, clean), fewer = (now / changed).lt(kFewer);
  share = now / (kSparser * pixels(clean));
  step = at::where(fewer, full, (step / kShorter).clamp_min(full / kShortest));
  changed = now;
  go_back(fewer);
}

void AutoPgdRows::go_back(const at::Tensor& which) {
  const at::Tensor chosen = per_image(which, x);
  // The last move is counted from where the iterate came from, as in the authors' code.
  const at::Tensor origin = x - last_move;
  x = at::where(chosen, best, x);
  last_move = x - origin;
  gradient = at::where(chosen, best_gradient, gradient);
}

}  // namespace aigis
