#include "attacks/spsa.h"

#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "attacks/parts/adam.h"
#include "attacks/parts/random.h"
#include "attacks/parts/shrinking.h"

namespace aigis {
namespace {

struct Rows : BatchRows {
  at::Tensor x;
  Goal goal;
  Adam adam;

  void keep(const at::Tensor& rows) {
    BatchRows::keep(rows);
    keep_rows(rows, {&x});
    goal = goal.select(rows);
    adam.keep(rows);
  }
};

/// A search within one budget.
class Search {
 public:
  Search(Victim& victim, const SpsaOptions& options, Norm norm, double epsilon)
      : victim_(victim), options_(options), norm_(norm), epsilon_(epsilon),
        kind_(possible_loss(options.objective, victim.card().classes)) {}

  void run(Rows rows, at::Tensor& result) {
    Shrinking shrinking;
    for (uint32_t step = 0; step < static_cast<uint32_t>(options_.steps); ++step) {
      if (stops()) {
        const at::Tensor done = count(rows, step);
        put_rows(result, rows.places, done, rows.x);
        rows.alive = rows.alive.logical_and(done.logical_not());
        if (const at::Tensor kept = shrinking.kept(rows.alive); kept.defined()) rows.keep(kept);
      }
      if (rows.x.size(0) == 0) return;
      rows.x = within(rows.clean, rows.x + rows.adam.step(estimate(rows, step)) * options_.step_size, norm_, epsilon_);
    }
    if (stops()) count(rows, static_cast<uint32_t>(options_.steps));
    put_rows(result, rows.places, rows.alive, rows.x);
  }

 private:
  bool stops() const { return options_.stop && victim_.is_final(); }

  /// [n] bool: which iterates are what the attack wants; and after how many answers of the model.
  at::Tensor count(const Rows& rows, uint32_t step) {
    const auto asked = static_cast<uint32_t>(2 * options_.pairs);
    const at::Tensor logits = victim_.forward(rows.x, rows.ids, {0, asked, step}).logits;
    const at::Tensor done = rows.goal.reached(logits).logical_and(rows.alive);
    if (!options_.objective.targeted()) {
      victim_.count_broken((2 * options_.pairs + 1) * step + 1, done.sum().item<int64_t>());
    }
    return done;
  }

  /// The mean over pairs of (loss(x + d s) - loss(x - d s)) / 2d along s, with s of random signs. A black box may
  /// refuse what is no image: both sides are clipped to [0, 1], and what is left between them takes the place of 2d s.
  at::Tensor estimate(const Rows& rows, uint32_t step) {
    at::Tensor sum = at::zeros_like(rows.x);
    for (uint32_t pair = 0; pair < static_cast<uint32_t>(options_.pairs); ++pair) {
      const at::Tensor noise = uniform_noise(rows.x, rows.ids, victim_.draws({0, pair, step}), Use::estimate);
      const at::Tensor signs = at::where(noise.lt(0), -1.0, 1.0).to(noise.scalar_type());
      const at::Tensor reach = signs * options_.distance;
      const at::Tensor above = (rows.x + reach).clamp(0, 1), below = (rows.x - reach).clamp(0, 1);
      const auto loss = [&](const at::Tensor& there, uint32_t draw) {
        return loss_value(kind_, victim_.forward(there, rows.ids, {0, draw, step}).logits, rows.goal);
      };
      const at::Tensor rise = loss(above, 2 * pair) - loss(below, 2 * pair + 1);
      const at::Tensor told = at::where(rise.isfinite(), rise, 0.0);  // NaN would stay in the iterate for ever
      sum = sum + per_image(told, rows.x) / (above - below);
    }
    return sum / static_cast<double>(options_.pairs);
  }

  Victim& victim_;
  const SpsaOptions& options_;
  Norm norm_;
  double epsilon_;
  LossKind kind_;
};

}  // namespace

void SpsaOptions::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "of Adam");
  table.integer("pairs", &pairs, 1, 100'000, "of answers for each step's gradient");
  table.number("distance", &distance, 1e-6, 1, "pixel value in [0,1]", "of each answer's image from the iterate");
  table.number("step_size", &step_size, 1e-6, 1, "pixel value in [0,1]", "of Adam");
  bind_stop(table, &stop);
  objective.bind_loss(table);
  objective.bind_target(table);
}

std::vector<at::Tensor> Spsa::propose(Victim& victim, const Batch& batch, Norm norm,
                                      at::ArrayRef<double> epsilons) const {
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) {
    candidates.push_back(batch.images.clone());
    if (batch.images.size(0) == 0) continue;
    Rows rows;
    rows.take_all(batch);
    rows.x = batch.images;
    rows.goal = goal_of(options_.objective, victim, batch);
    Search(victim, options_, norm, epsilon).run(std::move(rows), candidates.back());
  }
  return candidates;
}

}  // namespace aigis
