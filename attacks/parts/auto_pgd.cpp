#include "attacks/parts/auto_pgd.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "attacks/parts/random.h"
#include "attacks/parts/shrinking.h"

namespace aigis {
namespace {

constexpr double kInertia = 0.25;  ///< share of the last move in the next (equation 4: 1 - alpha)

/// How many iterations pass between two looks at the step sizes; fewer and fewer (section 3.1 of the paper).
class Checkpoints {
 public:
  Checkpoints(int64_t steps, Norm norm)
      : next_(share(steps, norm == Norm::l1 ? 0.04 : 0.22)), least_(norm == Norm::l1 ? next_ : share(steps, 0.06)),
        shrink_(norm == Norm::l1 ? 0 : share(steps, 0.03)) {}
  bool pass() {
    if (++since_ < next_) return false;
    period_ = next_;
    next_ = std::max(next_ - shrink_, least_);
    since_ = 0;
    return true;
  }
  int64_t period() const { return period_; }  ///< iterations up to the last checkpoint

 private:
  static int64_t share(int64_t steps, double part) {
    return std::max<int64_t>(1, static_cast<int64_t>(part * static_cast<double>(steps)));
  }
  int64_t next_, least_, shrink_, since_ = 0, period_ = 0;
};

/// What a run knows of the images that are still in it, row by row.
struct Rows {
  at::Tensor places;  ///< [n] rows of the whole batch
  at::Tensor alive;   ///< [n] bool; a row that is done only fills up the batch
  at::Tensor clean, ids;
  Goal goal;
  at::Tensor x, last_move, gradient;           ///< the iterate, how it came from the last one, and its gradient
  at::Tensor best, best_gradient, best_loss;   ///< where the loss was greatest
  at::Tensor loss, rises;                      ///< the iterate's loss; how often it rose since the last checkpoint
  at::Tensor step, was_halved, loss_at_check;  ///< [n] length of a step; state at the last checkpoint
  at::Tensor share, changed;  ///< L1: share of pixel values that a step moves; how many differ from clean

  void keep(const at::Tensor& rows) {
    keep_rows(rows, {&places, &alive, &clean, &ids, &x, &last_move, &gradient, &best, &best_gradient, &best_loss, &loss,
                     &rises, &step, &was_halved, &loss_at_check, &share, &changed});
    goal = goal.select(rows);
  }
};

/// What was found for the whole batch.
struct Found {
  at::Tensor images;
  at::Tensor broken;  ///< [N] bool
  at::Tensor loss;    ///< [N], of images that are not broken
};

/// One run from one start.
class AutoPgd {
 public:
  AutoPgd(Victim& victim, const AutoPgdOptions& options, Norm norm, uint32_t run)
      : victim_(victim), options_(options), norm_(norm), run_(run) {}

  void run(Rows rows, double epsilon, Found& found) {
    rows.x = start(rows, options_.larger_budgets ? 3 * epsilon : epsilon);
    if (norm_ != Norm::l1 || !options_.larger_budgets) return ascend(rows, epsilon, options_.steps, true, found);
    const auto part = static_cast<int64_t>(std::ceil(0.3 * static_cast<double>(options_.steps)));
    const int64_t rest = std::max<int64_t>(1, options_.steps - 2 * part);
    for (const auto& [times, steps] : {std::pair{3.0, part}, {2.0, part}, {1.0, rest}}) {
      const bool is_last = times == 1;
      if (times < 3) rows.x = nearest_in_l1(rows.clean, rows.best, times * epsilon);
      rows.changed = changes(rows.x, rows.clean);
      rows.share = rows.changed / (1.5 * static_cast<double>(rows.clean[0].numel()));
      ascend(rows, times * epsilon, steps, is_last, found);
    }
  }

 private:
  at::Tensor start(const Rows& rows, double epsilon) const {
    const Stream stream = victim_.draws({run_, 0, 0});
    if (norm_ == Norm::l1) {
      return nearest_in_l1(rows.clean, rows.clean + normal_noise(rows.clean, rows.ids, stream, Use::start), epsilon);
    }
    const at::Tensor noise = norm_ == Norm::linf ? uniform_noise(rows.clean, rows.ids, stream, Use::start)
                                                 : normal_noise(rows.clean, rows.ids, stream, Use::start);
    const at::Tensor size = sizes_of(noise, norm_).to(noise.scalar_type());
    return within(rows.clean, rows.clean + noise * per_image(epsilon / size, noise), norm_, epsilon);
  }

  static at::Tensor changes(const at::Tensor& x, const at::Tensor& clean) {
    return x.ne(clean).flatten(1).sum(1).to(x.scalar_type());
  }

  /// `counts` where the images are within the real budget, so that those that are broken are done.
  void ascend(Rows& rows, double epsilon, int64_t steps, bool counts, Found& found) {
    const double full = norm_ == Norm::l1 ? epsilon : 2 * epsilon;
    Checkpoints checkpoints(steps, norm_);
    Shrinking shrinking;
    ask(rows);
    rows.last_move = at::zeros_like(rows.x);
    rows.best = rows.x;
    rows.best_gradient = rows.gradient;
    rows.best_loss = rows.loss_at_check = rows.loss;
    rows.was_halved = at::ones_like(rows.alive);
    rows.step = at::full_like(rows.loss, full);
    rows.rises = at::zeros_like(rows.loss);
    if (!rows.share.defined() && norm_ == Norm::l1) {
      rows.share = at::full_like(rows.loss, 0.2);
      rows.changed = at::full_like(rows.loss, static_cast<double>(rows.clean[0].numel()));
    }
    if (counts) settle(rows, shrinking, found);
    for (int64_t i = 0; i < steps && rows.x.size(0) > 0; ++i) {
      move(rows, epsilon, i == 0);
      ++query_;
      // The first loss counts as a rise if it is above 0, as in the authors' code.
      const at::Tensor before = i > 0 ? rows.loss : at::zeros_like(rows.loss);
      ask(rows);
      rows.rises = rows.rises + rows.loss.gt(before);
      remember(rows);
      if (counts) settle(rows, shrinking, found);
      if (checkpoints.pass()) norm_ == Norm::l1 ? sparsify(rows, full) : halve(rows, checkpoints.period());
    }
    ++query_;
    if (counts) finish(rows, found);
  }

  /// Of the images that never broke, those with the greatest loss of all runs are handed out.
  static void finish(const Rows& rows, Found& found) {
    const at::Tensor chosen = rows.alive.nonzero().squeeze(1), places = rows.places.index_select(0, chosen);
    const at::Tensor loss = rows.best_loss.index_select(0, chosen), known = found.loss.index_select(0, places);
    const at::Tensor better = loss.gt(known).logical_and(found.broken.index_select(0, places).logical_not());
    const at::Tensor improved = chosen.index_select(0, better.nonzero().squeeze(1));
    found.images.index_copy_(0, rows.places.index_select(0, improved), rows.best.index_select(0, improved));
    found.loss.index_copy_(0, rows.places.index_select(0, improved), rows.best_loss.index_select(0, improved));
  }

  void ask(Rows& rows) {
    const Victim::Gradient at_x =
        ascent_direction(victim_, rows.x, rows.ids, rows.goal, options_.objective, {run_, 0, query_});
    rows.gradient = at_x.images;
    rows.loss = at_x.losses;
    broken_ = options_.in_turn ? at_x.logits.argmax(1).ne(rows.goal.labels) : rows.goal.reached(at_x.logits);
  }

  void move(Rows& rows, double epsilon, bool is_first) const {
    const at::Tensor length = per_image(rows.step, rows.x);
    at::Tensor next;
    if (norm_ == Norm::l1) {
      next = nearest_in_l1(rows.clean, rows.x + length * sparse_direction(rows), epsilon);
    } else {
      next = within(rows.clean, rows.x + length * steepest(rows.gradient, norm_), norm_, epsilon);
      const double ahead = is_first ? 1 : 1 - kInertia;
      next = within(rows.clean, rows.x + (next - rows.x) * ahead + rows.last_move * (1 - ahead), norm_, epsilon);
    }
    rows.last_move = next - rows.x;
    rows.x = next;
  }

  /// The sign of the steepest elements, each image's own share of them, over their number.
  static at::Tensor sparse_direction(const Rows& rows) {
    const at::Tensor size = rows.gradient.abs().flatten(1);
    const int64_t pixels = size.size(1);
    const at::Tensor rank = ((1 - rows.share) * static_cast<double>(pixels)).clamp(0, static_cast<double>(pixels - 1));
    const at::Tensor least = std::get<0>(size.sort(1)).gather(1, rank.to(at::kLong).unsqueeze(1));
    const at::Tensor sign = at::where(size.ge(least), rows.gradient.flatten(1).sign(), 0.0);
    const at::Tensor count = sign.abs().sum(1, /*keepdim=*/true).clamp_min(1);
    return (sign / count).view(rows.x.sizes());
  }

  static void remember(Rows& rows) {
    const at::Tensor better = rows.loss.gt(rows.best_loss);
    rows.best = at::where(per_image(better, rows.x), rows.x, rows.best);
    rows.best_gradient = at::where(per_image(better, rows.x), rows.gradient, rows.best_gradient);
    rows.best_loss = at::where(better, rows.loss, rows.best_loss);
  }

  /// Back to the best iterate, without its inertia.
  static void go_back(Rows& rows, const at::Tensor& which) {
    const at::Tensor chosen = per_image(which, rows.x);
    // The last move is counted from where the iterate came from, as in the authors' code.
    const at::Tensor origin = rows.x - rows.last_move;
    rows.x = at::where(chosen, rows.best, rows.x);
    rows.last_move = rows.x - origin;
    rows.gradient = at::where(chosen, rows.best_gradient, rows.gradient);
  }

  /// Halves the step where it led up too seldom, or where the last one was kept and brought nothing.
  void halve(Rows& rows, int64_t period) const {
    const at::Tensor oscillates = rows.rises.le(options_.rho * static_cast<double>(period));
    const at::Tensor stands = rows.was_halved.logical_not().logical_and(rows.loss_at_check.ge(rows.best_loss));
    rows.was_halved = oscillates.logical_or(stands);
    rows.loss_at_check = rows.best_loss;
    rows.step = at::where(rows.was_halved, rows.step / 2, rows.step);
    rows.rises = at::zeros_like(rows.rises);
    go_back(rows, rows.was_halved);
  }

  /// L1: fewer pixel values at a time where the best image changes fewer of them, else shorter steps.
  static void sparsify(Rows& rows, double full) {
    constexpr double kShorter = 1.5, kShortest = 10, kFewer = 0.95;
    const at::Tensor changed = changes(rows.best, rows.clean), fewer = (changed / rows.changed).lt(kFewer);
    rows.share = changed / (1.5 * static_cast<double>(rows.clean[0].numel()));
    rows.step = at::where(fewer, full, (rows.step / kShorter).clamp_min(full / kShortest));
    rows.changed = changed;
    go_back(rows, fewer);
  }

  /// Writes down the images that are broken; they leave where that is final.
  void settle(Rows& rows, Shrinking& shrinking, Found& found) {
    const at::Tensor broken = broken_.logical_and(rows.alive);
    const at::Tensor chosen = broken.nonzero().squeeze(1);
    if (chosen.size(0) == 0) return;
    const at::Tensor places = rows.places.index_select(0, chosen);
    found.images.index_copy_(0, places, rows.x.index_select(0, chosen));
    found.broken.index_fill_(0, places, true);
    if (!options_.stop || !victim_.is_final()) return;
    rows.alive = rows.alive.logical_and(broken.logical_not());
    if (const at::Tensor kept = shrinking.kept(rows.alive); kept.defined()) rows.keep(kept);
  }

  Victim& victim_;
  const AutoPgdOptions& options_;
  Norm norm_;
  uint32_t run_, query_ = 0;
  at::Tensor broken_;  ///< [n] bool, whether the model gets the iterates wrong
};

}  // namespace

void AutoPgdOptions::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "gradient steps");
  table.number("rho", &rho, 0, 1, "share of iterations", "in which the loss must rise for a step to keep its length");
  table.integer("restarts", &restarts, 1, 10'000, "runs from other starts; the best of them counts");
  table.flag("larger_budgets", &larger_budgets, "in the norm l1, come from 3 and 2 epsilons, 3/10 of the steps each");
  bind_stop(table, &stop);
}

void AutoPgdOptions::check(const ModelCard& card) const {
  check_target(objective, card);
  check_wrong_classes(classes, card);
}

at::Tensor auto_pgd(Victim& victim, const Batch& batch, const AutoPgdOptions& options, Norm norm, double epsilon) {
  const int64_t count = batch.images.size(0);
  if (count == 0) return batch.images.clone();
  const at::Tensor everyone = at::arange(count, batch.labels.options());
  Found found{batch.images.clone(), at::zeros_like(everyone, at::TensorOptions(at::kBool)),
              at::full({count}, -1e30, batch.images.options())};
  Rows all;
  all.places = everyone;
  all.alive = at::ones_like(found.broken);
  all.clean = batch.images;
  all.ids = batch.ids;
  at::Tensor ranking;  // [N, K] classes, the likeliest first
  if (options.in_turn) {
    ranking = victim.forward(batch.images, batch.ids, {}).logits.argsort(/*stable=*/true, 1, /*descending=*/true);
    all.goal.labels = batch.labels;
  } else {
    all.goal = goal_of(options.objective, victim, batch);
  }
  const int64_t rounds = options.in_turn ? wrong_classes(options.classes, victim.card().classes) : 1;
  uint32_t run = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    if (ranking.defined()) all.goal.targets = ranking.select(1, round + 1);
    for (int64_t restart = 0; restart < options.restarts; ++restart, ++run) {
      Rows rows = all;
      if (options.stop && victim.is_final()) rows.keep(found.broken.logical_not().nonzero().squeeze(1));
      if (rows.places.size(0) == 0) return found.images;
      AutoPgd(victim, options, norm, run).run(std::move(rows), epsilon, found);
    }
  }
  return found.images;
}

}  // namespace aigis
