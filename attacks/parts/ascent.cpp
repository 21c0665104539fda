#include "attacks/parts/ascent.h"

#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "attacks/parts/confirm.h"
#include "attacks/parts/random.h"
#include "attacks/parts/shrinking.h"
#include "attacks/parts/step_gradient.h"

namespace aigis {
namespace {

/// Everything that a run knows of the images that are still in it, row by row.
struct Rows {
  at::Tensor places;  ///< [n] rows of the whole batch
  at::Tensor alive;   ///< [n] bool; a row that is done only fills its bucket
  at::Tensor clean, ids;
  Goal goal;
  at::Tensor x;
  at::Tensor best, best_loss;                                ///< where Keep::best
  at::Tensor momentum, variance, last_direction, amplified;  ///< undefined until used

  Rows select(const at::Tensor& rows) const {
    const auto chosen = [&](const at::Tensor& t) {
      return t.defined() ? t.index_select(0, rows.to(t.device())) : at::Tensor();
    };
    return {chosen(places),    chosen(alive),    chosen(clean),          chosen(ids),
            goal.select(rows), chosen(x),        chosen(best),           chosen(best_loss),
            chosen(momentum),  chosen(variance), chosen(last_direction), chosen(amplified)};
  }
};

/// One run from one start.
class Ascent {
 public:
  Ascent(Victim& victim, const AscentOptions& options, Norm norm, double epsilon, uint32_t restart)
      : victim_(victim), options_(options), norm_(norm), epsilon_(epsilon), restart_(restart),
        gradient_(victim, options, epsilon, restart) {}

  /// Writes the images it ends with into `result` at their places.
  void run(Rows rows, at::Tensor& result) {
    rows.x = start(rows);
    if (options_.keep == Keep::best && options_.objective.constraint) {
      rows.best = rows.clean;  // for which the constraint holds
      rows.best_loss = at::full({rows.x.size(0)}, kForbidden, rows.x.options());
    }
    for (uint32_t number = 0; number < static_cast<uint32_t>(options_.steps) && rows.x.size(0) > 0; ++number) {
      Ascended at_x = gradient_.of_step(rows.x, {rows.ids, rows.goal}, rows.momentum, rows.last_direction, number);
      if (stops()) at_x = retire(rows, at_x, result);
      if (rows.x.size(0) == 0) return;
      advance(rows, at_x, number);
    }
    finish(rows, result);
  }

 private:
  bool stops() const { return options_.stop && gradient_.is_plain() && victim_.is_final(); }

  at::Tensor start(const Rows& rows) const {
    if (options_.start == Start::clean || options_.start_size == 0) return rows.clean;
    const Stream stream = victim_.draws({restart_, 0, 0});
    const double radius = epsilon_ * options_.start_size;
    const at::Tensor noise = options_.start == Start::uniform
                                 ? ball_noise(rows.clean, rows.ids, stream, norm_)
                                 : corner(normal_noise(rows.clean, rows.ids, stream, Use::start));
    const at::Tensor banded = options_.band.active() ? low_pass(noise, options_.band) : noise;
    return within(rows.clean, at::add(rows.clean, banded, radius), norm_, epsilon_);
  }

  /// The corner of the unit ball that lies in a direction; in L2 and L1 all coordinates share its length.
  at::Tensor corner(const at::Tensor& direction) const {
    const auto pixels = static_cast<double>(direction.size(0) == 0 ? 1 : direction[0].numel());
    const double length = norm_ == Norm::linf ? 1 : norm_ == Norm::l2 ? 1 / std::sqrt(pixels) : 1 / pixels;
    return direction.sign() * length;
  }

  void advance(Rows& rows, const Ascended& at_x, uint32_t number) {
    if (options_.keep == Keep::best) remember(rows, at_x.scores);
    at::Tensor direction = rows.variance.defined() ? at_x.images + rows.variance : at_x.images;
    if (options_.neighbours > 0) {
      rows.variance = gradient_.variance(rows.x, {rows.ids, rows.goal}, at_x.images, number);
    }
    if (options_.translation.active()) direction = smoothed(direction, options_.translation);
    if (options_.momentum > 0) {
      direction = normalized(direction);
      if (rows.momentum.defined()) direction = at::add(direction, rows.momentum, options_.momentum);
      rows.momentum = direction;
    }
    const double step = options_.step_length(epsilon_, number);
    const auto pixels = static_cast<double>(rows.x[0].numel());
    const auto coordinates = static_cast<int64_t>(std::max(1.0, std::round(options_.l1_share * pixels)));
    if (norm_ == Norm::l1) direction = free_to_move(rows.x, direction);
    if (options_.band.active()) {
      const at::Tensor delta =
          low_step(rows.x - rows.clean, direction, step, coordinates, norm_, epsilon_, options_.band);
      rows.x = within(rows.clean, rows.clean + delta, norm_, epsilon_);
    } else {
      const at::Tensor unit = steepest(direction, norm_, coordinates);
      const at::Tensor change = options_.patchwise.active()
                                    ? patchwise_change(unit, step, epsilon_, options_.patchwise, rows.amplified)
                                    : unit * step;
      rows.x = within(rows.clean, rows.x + change, norm_, epsilon_);
    }
    if (at_x.violation.defined()) rows.goal.weight = reweighed(rows.goal.weight, at_x.violation);
  }

  /// Without the elements that the box already stops: in L1 they would take the place of those that can move.
  static at::Tensor free_to_move(const at::Tensor& x, const at::Tensor& direction) {
    const at::Tensor stopped = direction.gt(0).logical_and(x.ge(1)).logical_or(direction.lt(0).logical_and(x.le(0)));
    return at::where(stopped, at::zeros_like(direction), direction);
  }

  static void remember(Rows& rows, const at::Tensor& losses) {
    if (!rows.best.defined()) {
      rows.best = rows.x;
      rows.best_loss = losses;
      return;
    }
    const at::Tensor better = losses.gt(rows.best_loss);
    rows.best = at::where(per_image(better, rows.x), rows.x, rows.best);
    rows.best_loss = at::where(better, losses, rows.best_loss);
  }

  /// Takes out the images that are broken, and those whose gradient is and stays flat; their iterates stand. Returns
  /// the gradient of the rows that are left.
  Ascended retire(Rows& rows, const Ascended& at_x, at::Tensor& result) {
    const at::Tensor moves_on =
        rows.momentum.defined() || rows.variance.defined() ? at::ones_like(at_x.flat) : at_x.flat.logical_not();
    const at::Tensor done = rows.goal.reached(at_x.logits).logical_or(moves_on.logical_not()).logical_and(rows.alive);
    if (!done.any().item<bool>()) return at_x;
    put_rows(result, rows.places, done, rows.x);
    rows.alive = rows.alive.logical_and(done.logical_not());
    const at::Tensor kept = shrinking_.kept(rows.alive);
    if (!kept.defined()) return at_x;
    rows = rows.select(kept);
    Ascended left = at_x;
    keep_rows(kept, {&left.images, &left.losses, &left.logits, &left.flat, &left.scores, &left.violation});
    return left;
  }

  void finish(Rows& rows, at::Tensor& result) {
    if (rows.x.size(0) == 0) return;
    if (options_.keep == Keep::best) {
      const auto draw = static_cast<uint32_t>(options_.samples + options_.neighbours);
      const Output output = victim_.forward(rows.x, rows.ids, {restart_, draw, static_cast<uint32_t>(options_.steps)});
      remember(rows, score(options_.objective, victim_.card().classes, output, rows.goal));
      if (options_.objective.constraint) {
        rows.best = confirmed(victim_, rows.clean, rows.best, rows.ids, rows.goal, *options_.objective.constraint,
                              {restart_, draw + 2, static_cast<uint32_t>(options_.steps)});
      }
    }
    put_rows(result, rows.places, rows.alive, options_.keep == Keep::best ? rows.best : rows.x);
  }

  Victim& victim_;
  const AscentOptions& options_;
  Norm norm_;
  double epsilon_;
  uint32_t restart_;
  StepGradient gradient_;
  Shrinking shrinking_;
};

}  // namespace

at::Tensor ascend(Victim& victim, const Batch& batch, const AscentOptions& options, Norm norm, double epsilon) {
  if (batch.images.size(0) == 0) return batch.images.clone();
  return ascend(victim, batch, goal_of(options.objective, victim, batch), options, norm, epsilon);
}

at::Tensor ascend(Victim& victim, const Batch& batch, const Goal& goal, const AscentOptions& options, Norm norm,
                  double epsilon) {
  at::Tensor result = batch.images.clone();
  const int64_t count = batch.images.size(0);
  if (count == 0) return result;
  const at::Tensor everyone = at::arange(count, batch.labels.options());
  Rows rows{everyone,     at::ones_like(everyone, at::TensorOptions(at::kBool)),
            batch.images, batch.ids,
            goal,         {},
            {},           {},
            {},           {},
            {},           {}};
  if (options.restarts == 1) {
    Ascent(victim, options, norm, epsilon, 0).run(rows, result);
    return result;
  }
  // After each run those that are broken leave; of the others the greatest loss counts.
  const LossKind kind = possible_loss(options.objective, victim.card().classes);
  at::Tensor best_loss = at::full({count}, -1e30, batch.images.options());
  for (uint32_t restart = 0; restart < static_cast<uint32_t>(options.restarts) && rows.places.size(0) > 0; ++restart) {
    at::Tensor found = batch.images.clone();
    Ascent(victim, options, norm, epsilon, restart).run(rows, found);
    const at::Tensor tried = found.index_select(0, rows.places);
    const auto draw = static_cast<uint32_t>(options.samples + options.neighbours + 1);
    const at::Tensor logits =
        victim.forward(tried, rows.ids, {restart, draw, static_cast<uint32_t>(options.steps)}).logits;
    const at::Tensor loss = loss_value(kind, logits, rows.goal), broken = rows.goal.reached(logits);
    const at::Tensor better = loss.gt(best_loss.index_select(0, rows.places)).logical_or(broken);
    put_rows(result, rows.places, better, tried);
    put_rows(best_loss, rows.places, better, loss);
    if (options.stop && victim.is_final()) rows = rows.select(broken.logical_not().nonzero().squeeze(1));
  }
  return result;
}

}  // namespace aigis
