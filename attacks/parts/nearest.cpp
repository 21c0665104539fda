#include "attacks/parts/nearest.h"

#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <limits>

namespace aigis {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The smallest budget above 0 (within 0 nothing can be found); negative without any.
double least_budget(at::ArrayRef<double> epsilons) {
  double least = -1;
  for (const double epsilon : epsilons) {
    if (epsilon > 0 && (least < 0 || epsilon < least)) least = epsilon;
  }
  return least;
}

/// Whether distances are within a budget, but for rounding.
at::Tensor reached(const at::Tensor& distances, double epsilon) { return distances.le(epsilon * (1 + 1e-6)); }

}  // namespace

void NearestOptions::bind(OptionTable& table) {
  bind_draws(table);
  table.flag(
      "stop", &stop,
      "leave an image once it is broken within the smallest budget, where the model that is attacked also judges "
      "and is deterministic");
}

void NearestOptions::bind_draws(OptionTable& table) {
  table.integer("draws", &draws, 1, 10'000,
                "of random gates, in each of which an image must be wrong to count as found");
}

Nearest::Nearest(Victim& victim, const Batch& batch, Norm norm, at::ArrayRef<double> epsilons, bool stops,
                 int64_t draws)
    : victim_(victim), batch_(batch), norm_(norm), epsilons_(epsilons.vec()), stops_(stops),
      enough_(stops ? least_budget(epsilons) : -1), images_(batch.images.clone()),
      distance_(
          at::full({batch.images.size(0)}, kInfinity, at::TensorOptions(at::kDouble).device(batch.images.device()))) {
  const EveryDraw every(victim, draws);
  logits_ = every.logits(batch, {});
  distance_.masked_fill_(every.lost(logits_, batch.labels), 0);  // its own nearest adversarial image
}

void Nearest::count_answers() {
  counts_ = stops_;
  if (counts_) count(at::full_like(distance_, kInfinity), distance_, at::ones_like(batch_.labels));
}

Searched Nearest::searched() const {
  const at::Tensor open = distance_.gt(std::max(enough_, 0.0)).nonzero().squeeze(1);
  Searched all;
  all.take_all(batch_);
  all.labels = batch_.labels;
  all.keep(open);
  return all;
}

void Nearest::offer(const Searched& rows, const at::Tensor& x, const at::Tensor& wrong, const at::Tensor& answers) {
  const at::Tensor size = sizes_of(x - rows.clean, norm_), known = distance(rows);
  const at::Tensor nearer = wrong.logical_and(size.le(known));
  at::Tensor taken = nearer;
  if (victim_.card().has_random_gates) {
    const at::Tensor kept = sizes_of(images_.index_select(0, rows.places) - rows.clean, norm_);
    taken = nearer.logical_or(known.isinf().logical_and(size.ge(kept)));
  }
  put_rows(images_, rows.places, taken, x);
  put_rows(distance_, rows.places, nearer, size);
  if (counts_) count(known, distance(rows), answers);
}

void Nearest::count(const at::Tensor& before, const at::Tensor& now, const at::Tensor& answers) {
  for (size_t budget = 0; budget < epsilons_.size(); ++budget) {
    const at::Tensor came =
        reached(now, epsilons_[budget]).logical_and(reached(before, epsilons_[budget]).logical_not());
    const at::Tensor after = answers.masked_select(came).cpu();
    for (int64_t i = 0; i < after.size(0); ++i) victim_.count_broken(after[i].item<int64_t>(), 1, budget);
  }
}

at::Tensor Nearest::kept(Searched& rows, Shrinking& shrinking, const at::Tensor& at_rest) const {
  if (enough_ < 0) return {};
  rows.alive = rows.alive.logical_and(distance(rows).gt(enough_));
  if (at_rest.defined()) rows.alive = rows.alive.logical_and(at_rest.logical_not());
  return shrinking.kept(rows.alive);
}

std::vector<at::Tensor> Nearest::within_each() const {
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons_) {
    const at::Tensor projected = within(batch_.images, images_, norm_, epsilon);
    const at::Tensor near = per_image(reached(distance_, epsilon), projected);
    candidates.push_back(victim_.is_final() ? at::where(near, projected, batch_.images) : projected);
  }
  return candidates;
}

}  // namespace aigis
