#include "attacks/parts/ascent_run.h"

#include <ATen/ops/add.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <limits>

#include "attacks/parts/confirm.h"
#include "attacks/parts/foresight.h"
#include "attacks/parts/start.h"
#include "attacks/parts/step_gradient.h"

namespace aigis {
namespace {

/// The first draw of a step that is not of its gradients.
uint32_t first_look(const AscentOptions& options) {
  return static_cast<uint32_t>((options.samples + options.neighbours) * options.scales * options.objective.draws);
}

/// One run from one start.
class Ascent {
 public:
  Ascent(Victim& victim, const AscentOptions& options, Norm norm, double epsilon, uint32_t restart)
      : victim_(victim), options_(options), norm_(norm), epsilon_(epsilon), restart_(restart),
        gradient_(victim, options, norm, epsilon, restart),
        kind_(possible_loss(options.objective, victim.card().classes)) {}

  /// Writes the images it ends with into `result` at their places.
  void run(AscentRows rows, at::Tensor& result) {
    rows.x = start_of(options_, rows.clean, rows.ids, victim_.draws({restart_, 0, 0}), norm_, epsilon_);
    if (keeps_best() && options_.objective.constraint) {
      rows.best = rows.clean;  // for which the constraint holds
      rows.best_worth = nothing_worth(options_.objective, rows.x, std::numeric_limits<double>::infinity());
    }
    const bool elsewhere = !gradient_.is_plain() && (stops() || keeps_best());
    for (uint32_t number = 0; number < static_cast<uint32_t>(options_.steps) && rows.x.size(0) > 0; ++number) {
      const bool foreseen = !elsewhere && expects_to_break(rows), looks = elsewhere || foreseen;
      if (looks) {
        const Seen seen = look_at(rows, number, /*rough=*/foreseen);
        if (keeps_best()) remember(rows, seen.worth);
        if (stops()) retire(rows, rows.goal.reached(seen.logits), none(rows), result, {});
        if (rows.x.size(0) == 0) return;
      }
      // To hear of those at rest waits for the device once more: after a foreseen step they leave at the next.
      const bool may_rest = !foreseen && flat_is_final(rows);
      Ascended at_x = gradient_.of_step(rows.x, {rows.ids, rows.goal}, rows.momentum, rows.last_direction, number,
                                        /*with_worth=*/keeps_best() && !looks);
      if (keeps_best() && !looks) remember(rows, at_x.worth);
      if (stops() && (may_rest || !looks)) {
        retire(rows, looks ? none(rows) : rows.goal.reached(at_x.logits), may_rest ? at_x.flat : none(rows), result,
               {&at_x.images, &at_x.logits, &at_x.losses, &at_x.violation});
        if (rows.x.size(0) == 0) return;
      }
      advance(rows, at_x, number);
    }
    finish(rows, result);
  }

 private:
  bool stops() const { return options_.stop && victim_.is_final(); }
  bool foresees() const { return stops() && gradient_.is_plain() && can_foresee(options_.objective, kind_); }
  static bool expects_to_break(const AscentRows& rows) {
    if (!rows.falling.defined()) return false;
    return pays_to_look(rows.falling.logical_and(rows.alive).sum().item<int64_t>(), rows.alive.sum().item<int64_t>());
  }
  bool keeps_best() const { return options_.keep == Keep::best; }

  Seen look_at(const AscentRows& rows, uint32_t number, bool rough) {
    return look(victim_, rows.x, rows.ids, rows.goal, options_.objective, {restart_, first_look(options_), number},
                /*with_worth=*/keeps_best(), rough);
  }

  void advance(AscentRows& rows, const Ascended& at_x, uint32_t number) {
    const at::Tensor before = rows.x;
    at::Tensor direction = rows.variance.defined() ? at_x.images + rows.variance : at_x.images;
    if (options_.neighbours > 0 && number + 1 < static_cast<uint32_t>(options_.steps)) {
      rows.variance = gradient_.variance(rows.x, {rows.ids, rows.goal}, at_x.images, number);
    }
    if (options_.translation.active()) direction = smoothed(direction, options_.translation);
    if (options_.momentum > 0) {
      direction = normalized(direction);
      if (rows.momentum.defined()) direction = at::add(direction, rows.momentum, options_.momentum);
      rows.momentum = direction;
    }
    const double step = options_.step_length(epsilon_, number);
    const int64_t coordinates = options_.l1_coordinates(rows.x);
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
    if (foresees()) {
      const at::Tensor rise = (at_x.images * (rows.x - before)).flatten(1).sum(1);
      const at::Tensor excess = loss_value(LossKind::margin, at_x.logits, {rows.goal.labels, {}, {}});
      rows.falling = foresees_wrong(kind_, at_x.losses, excess, rise);
    }
    if (at_x.violation.defined()) rows.goal.weight = reweighed(rows.goal.weight, at_x.violation);
  }

  static void remember(AscentRows& rows, const Worth& worth) {
    if (!rows.best.defined()) {
      rows.best = rows.x;
      rows.best_worth = worth;
      return;
    }
    const at::Tensor better = worth.exceeds(rows.best_worth);
    rows.best = at::where(per_image(better, rows.x), rows.x, rows.best);
    rows.best_worth = worth.where(better, rows.best_worth);
  }

  /// Whether an image whose gradient is flat will meet no other: neither what it has met so far nor chance leads it on,
  /// or the points that gradients are taken at.
  bool flat_is_final(const AscentRows& rows) const {
    const bool leads_on = rows.momentum.defined() || rows.last_direction.defined() || rows.amplified.defined();
    return !leads_on && options_.neighbours == 0 && !options_.diversity.active();
  }

  static at::Tensor none(const AscentRows& rows) { return at::zeros_like(rows.alive); }

  /// Takes out the images that are broken, whose iterates stand, and those at rest, each [n] bool; `others` go with the
  /// rows.
  void retire(AscentRows& rows, const at::Tensor& broken, const at::Tensor& at_rest, at::Tensor& result,
              std::initializer_list<at::Tensor*> others) {
    const at::Tensor done = broken.logical_or(at_rest).logical_and(rows.alive);
    if (!done.any().item<bool>()) return;
    const at::Tensor left = keeps_best() ? at::where(per_image(broken, rows.x), rows.x, rows.best) : rows.x;
    put_rows(result, rows.places, done, left);
    rows.alive = rows.alive.logical_and(done.logical_not());
    const at::Tensor kept = shrinking_.kept(rows.alive);
    if (!kept.defined()) return;
    rows.keep(kept);
    keep_rows(kept, others);
  }

  void finish(AscentRows& rows, at::Tensor& result) {
    if (rows.x.size(0) == 0) return;
    if (keeps_best()) {
      const auto steps = static_cast<uint32_t>(options_.steps);
      remember(rows, look_at(rows, steps, /*rough=*/false).worth);
      if (options_.objective.constraint) {
        rows.best = confirmed(victim_, rows.clean, rows.best, rows.ids, rows.goal, *options_.objective.constraint);
      }
    }
    put_rows(result, rows.places, rows.alive, keeps_best() ? rows.best : rows.x);
  }

  Victim& victim_;
  const AscentOptions& options_;
  Norm norm_;
  double epsilon_;
  uint32_t restart_;
  StepGradient gradient_;
  LossKind kind_;
  Shrinking shrinking_;
};

}  // namespace

void AscentRows::keep(const at::Tensor& rows) {
  BatchRows::keep(rows);
  if (best_worth.value.defined()) best_worth = best_worth.select(rows);
  keep_rows(rows, {&x, &best, &momentum, &variance, &last_direction, &amplified, &falling});
  goal = goal.select(rows);
}

uint32_t free_draw(const AscentOptions& options) {
  return first_look(options) + static_cast<uint32_t>(options.objective.draws);
}

void run_ascent(Victim& victim, const AscentOptions& options, Norm norm, double epsilon, uint32_t restart,
                AscentRows rows, at::Tensor& result) {
  Ascent(victim, options, norm, epsilon, restart).run(std::move(rows), result);
}

}  // namespace aigis
