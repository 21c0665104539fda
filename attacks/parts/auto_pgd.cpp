#include "attacks/parts/auto_pgd.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "attacks/parts/auto_pgd_rows.h"
#include "attacks/parts/random.h"

namespace aigis {
namespace {

constexpr double kInertia = 0.25;  ///< share of the last move in the next (equation 4: 1 - alpha)

/// What was found for the whole batch.
struct Found {
  at::Tensor images;
  Worth worth;  ///< draws in which the model gets them wrong, and the loss
};

/// One run from one start.
class AutoPgd {
 public:
  AutoPgd(Victim& victim, const AutoPgdOptions& options, Norm norm, uint32_t run)
      : victim_(victim), options_(options), norm_(norm), run_(run), sparse_(norm == Norm::l1 && !options.band.active()),
        counts_draws_(options.judged_by == JudgedBy::all_draws && options.objective.draws > 1 &&
                      victim.card().has_random_gates) {}

  void run(AutoPgdRows rows, double epsilon, Found& found) {
    rows.x = start(rows, options_.larger_budgets ? 3 * epsilon : epsilon);
    if (!options_.larger_budgets) return ascend(rows, epsilon, options_.steps, true, found);
    const auto part = static_cast<int64_t>(std::ceil(0.3 * static_cast<double>(options_.steps)));
    int64_t left = options_.steps;
    for (const double times : {3.0, 2.0, 1.0}) {
      const bool is_last = times == 1;
      const int64_t steps = is_last ? left : std::min(part, left);
      left -= steps;
      if (times < 3) rows.x = held(rows, rows.best, times * epsilon);
      if (sparse_) rows.begin_sparse();
      ascend(rows, times * epsilon, steps, is_last, found);
    }
  }

 private:
  at::Tensor start(const AutoPgdRows& rows, double epsilon) const {
    const Stream stream = victim_.draws({run_, 0, 0});
    at::Tensor noise = norm_ == Norm::linf ? uniform_noise(rows.clean, rows.ids, stream, Use::start)
                                           : normal_noise(rows.clean, rows.ids, stream, Use::start);
    if (options_.band.active()) noise = low_pass(noise, options_.band);
    if (norm_ == Norm::l1) return held(rows, rows.clean + noise, epsilon);
    const at::Tensor size = sizes_of(noise, norm_).to(noise.scalar_type());
    return held(rows, rows.clean + noise * per_image(epsilon / size, noise), epsilon);
  }

  /// In the ball and in the box, and in the band.
  at::Tensor held(const AutoPgdRows& rows, const at::Tensor& images, double epsilon) const {
    if (sparse_) return nearest_in_l1(rows.clean, images, epsilon);
    return within(rows.clean, images, norm_, epsilon, options_.band);
  }

  /// `counts` where the images are within the real budget, so that those that are broken are done.
  void ascend(AutoPgdRows& rows, double epsilon, int64_t steps, bool counts, Found& found) {
    const double full = norm_ == Norm::l1 ? epsilon : 2 * epsilon;
    Checkpoints checkpoints(steps, sparse_);
    Shrinking shrinking;
    ask(rows);
    rows.begin(norm_, full);
    if (counts) settle(rows, shrinking, found);
    for (int64_t i = 0; i < steps && rows.x.size(0) > 0; ++i) {
      move(rows, epsilon, i == 0);
      ++query_;
      // The first loss counts as a rise if it is above 0, as in the authors' code.
      const at::Tensor before = i > 0 ? rows.loss : at::zeros_like(rows.loss);
      ask(rows);
      rows.rises = rows.rises + rows.loss.gt(before);
      rows.remember();
      if (counts) settle(rows, shrinking, found);
      if (rows.x.size(0) == 0) break;  // all are done
      if (checkpoints.pass()) sparse_ ? rows.sparsify(full) : rows.halve(options_.rho, checkpoints.period());
    }
    ++query_;
    if (counts) finish(rows, rows.alive, found);
  }

  /// Where nothing was found that breaks an image, hands out what had the greatest loss of all runs.
  static void finish(const AutoPgdRows& rows, const at::Tensor& which, Found& found) {
    const at::Tensor chosen = which.nonzero().squeeze(1), places = rows.places.index_select(0, chosen);
    const at::Tensor loss = rows.best_loss.index_select(0, chosen), known = found.worth.value.index_select(0, places);
    const at::Tensor better = loss.gt(known).logical_and(found.worth.reached.index_select(0, places).eq(0));
    const at::Tensor improved = chosen.index_select(0, better.nonzero().squeeze(1));
    found.images.index_copy_(0, rows.places.index_select(0, improved), rows.best.index_select(0, improved));
    found.worth.value.index_copy_(0, rows.places.index_select(0, improved), rows.best_loss.index_select(0, improved));
  }

  void ask(AutoPgdRows& rows) {
    const Ascended at_x = ascent_direction(victim_, rows.x, rows.ids, rows.goal, options_.objective, {run_, 0, query_},
                                           /*with_worth=*/counts_draws_);
    const at::Tensor reached = rows.goal.reached(at_x.logits).to(at_x.losses.scalar_type());
    worth_ = counts_draws_ ? at_x.worth : Worth{{}, reached, at_x.losses};
    flat_ = at_x.flat;
    rows.gradient = options_.band.active() ? low_pass(at_x.images, options_.band) : at_x.images;
    rows.loss = worth_.value;
  }

  void move(AutoPgdRows& rows, double epsilon, bool is_first) const {
    at::Tensor direction = norm_ == Norm::l1 ? rows.sparse_direction() : steepest(rows.gradient, norm_);
    if (options_.band.active()) direction = low_direction(direction, norm_, options_.band);
    at::Tensor next = held(rows, rows.x + per_image(rows.step, rows.x) * direction, epsilon);
    if (!sparse_) {
      const double ahead = is_first ? 1 : 1 - kInertia;
      next = held(rows, rows.x + (next - rows.x) * ahead + rows.last_move * (1 - ahead), epsilon);
    }
    rows.last_move = next - rows.x;
    rows.x = next;
  }

  /// Writes down the images that are broken. They leave where that is final, and with them those at rest, which end
  /// here as they would after the last step. Within a larger budget they stay: the next one may show them a gradient.
  void settle(AutoPgdRows& rows, Shrinking& shrinking, Found& found) {
    const bool stops = options_.stop && victim_.is_final();
    const at::Tensor broken = worth_.reached.gt(0).logical_and(rows.alive), flat = flat_.logical_and(rows.alive);
    if (!(stops ? broken.logical_or(flat) : broken).any().item<bool>()) return;
    const at::Tensor done = stops ? broken.logical_or(rows.at_rest(flat)) : broken;
    const at::Tensor taken =
        counts_draws_ ? broken.logical_and(worth_.exceeds(found.worth.select(rows.places))) : broken;
    put_rows(found.images, rows.places, taken, rows.x);
    found.worth.put(rows.places, taken, worth_);
    if (!stops) return;
    finish(rows, done.logical_and(broken.logical_not()), found);
    rows.alive = rows.alive.logical_and(done.logical_not());
    if (const at::Tensor kept = shrinking.kept(rows.alive); kept.defined()) rows.keep(kept);
  }

  Victim& victim_;
  const AutoPgdOptions& options_;
  Norm norm_;
  uint32_t run_, query_ = 0;
  bool sparse_;        ///< how many pixel values a step moves is learnt from how many changed; in a band all do
  bool counts_draws_;  ///< several draws tell what an iterate is worth; else the last of them, or the only one, does
  Worth worth_;        ///< of the iterates
  at::Tensor flat_;    ///< [n] bool, of the iterates: without a gradient
};

}  // namespace

at::Tensor auto_pgd(Victim& victim, const Batch& batch, const AutoPgdOptions& options, Norm norm, double epsilon) {
  const int64_t count = batch.images.size(0);
  if (count == 0) return batch.images.clone();
  AutoPgdRows all;
  all.take_all(batch);
  const auto each = [&](double number) { return at::full({count}, number, batch.images.options()); };
  Found found{batch.images.clone(), {{}, each(0), each(-1e30)}};
  at::Tensor ranking;
  if (options.in_turn) {
    ranking = likeliest_wrong(victim.forward(batch.images, batch.ids, {}).logits, batch.labels);
    all.goal.labels = batch.labels;
    all.goal.any_answer = true;
  } else {
    all.goal = goal_of(options.objective, victim, batch);
  }
  const int64_t rounds = options.in_turn ? wrong_classes(options.classes, victim.card().classes) : 1;
  uint32_t run = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    if (ranking.defined()) all.goal.targets = ranking.select(1, round);
    for (int64_t restart = 0; restart < options.restarts; ++restart, ++run) {
      AutoPgdRows rows = all;
      if (options.stop && victim.is_final()) rows.keep(found.worth.reached.eq(0).nonzero().squeeze(1));
      if (rows.places.size(0) == 0) return found.images;
      AutoPgd(victim, options, norm, run).run(std::move(rows), epsilon, found);
    }
  }
  return found.images;
}

}  // namespace aigis
