#include "attacks/parts/norm_search.h"

#include <ATen/ops/full_like.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "attacks/parts/random.h"

namespace aigis {
namespace {

struct Rows : Searched {
  at::Tensor x;
  at::Tensor radius, farthest;  ///< [n] float64; of the ball, and of the box's farthest corner
  at::Tensor known;             ///< [n] float64, distance of the nearest that this search found; infinite: none

  void keep(const at::Tensor& rows) {
    Searched::keep(rows);
    keep_rows(rows, {&x, &radius, &farthest, &known});
  }
};

double annealed(double first, double last, double progress) {
  return last + (first - last) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

/// How far the boundary of the linearized model is.
at::Tensor to_boundary(const Victim::Gradient& at_x, Norm norm) {
  const at::Tensor slope = sizes_of(at_x.images, dual_of(norm));
  return at::where(slope.gt(0), at_x.losses.abs().to(at::kDouble) / slope, std::numeric_limits<double>::infinity());
}

class NormSearch {
 public:
  NormSearch(Victim& victim, const NormSearchOptions& options, Norm norm, Nearest& nearest)
      : victim_(victim), every_(victim, options.draws), options_(options), norm_(norm), nearest_(nearest) {}

  void run(Rows rows) {
    rows.x = rows.clean;
    rows.farthest = sizes_of(at::maximum(rows.clean, 1 - rows.clean), norm_);
    rows.radius = at::full_like(rows.farthest, first_radius());
    rows.known = at::full_like(rows.farthest, std::numeric_limits<double>::infinity());
    Shrinking shrinking;
    at::Tensor at_rest;  // [n] bool, by the last step
    for (int64_t step = 0; step < options_.steps; ++step) {
      Victim::Gradient at_x = gradient(rows, step);
      at::Tensor wrong = every_.lost(at_x.logits, rows.labels);
      nearest_.offer(rows, rows.x, wrong);
      const at::Tensor size = sizes_of(rows.x - rows.clean, norm_);
      rows.known = at::where(wrong, at::minimum(rows.known, size), rows.known);
      if (const at::Tensor kept = nearest_.kept(rows, shrinking, at_rest); kept.defined()) {
        rows.keep(kept);
        keep_rows(kept, {&at_x.images, &at_x.losses, &at_x.flat, &wrong});
        if (rows.x.size(0) == 0) return;
      }
      const double progress = static_cast<double>(step) / static_cast<double>(options_.steps);
      const double gamma = annealed(options_.gamma, options_.last_gamma, progress);
      const double length = annealed(options_.step_size, options_.step_size / 100, progress);
      rows.radius = at::minimum(radius(rows, at_x, wrong, gamma), rows.farthest);
      const at::Tensor before = rows.x, change = steepest(direction(rows, at_x, wrong, step), Norm::l2) * length;
      rows.x = (rows.clean + onto_border(before - rows.clean + change, rows.radius)).clamp(0, 1);
      if (options_.on_sphere) continue;
      // Without a gradient only the radius moves an image that is right, and never shrinks: once in vain is for ever.
      at_rest = at_x.flat.logical_and(wrong.logical_not()).logical_and(rows.x.eq(before).flatten(1).all(1));
    }
  }

 private:
  double first_radius() const {
    if (options_.radius > 0) return options_.radius;
    return norm_ == Norm::l0 ? 1 : std::numeric_limits<double>::infinity();
  }

  Victim::Gradient gradient(const Rows& rows, int64_t step) const {
    const Goal all{rows.labels, rows.targets, {}};
    const auto loss = [&](const at::Tensor& some) -> Loss {
      return [this, goal = some.defined() ? all.select(some) : all](const Output& output) -> Losses {
        return {loss_value(options_.loss, output.logits, goal), goal.lost(output.logits)};
      };
    };
    return every_.gradient(rows.at(rows.x), loss, {rows.turn, 0, static_cast<uint32_t>(step)}, options_.path);
  }

  /// The gradient. On a sphere, where an image that is right has none, any direction: the sphere grows until it has.
  at::Tensor direction(const Rows& rows, const Victim::Gradient& at_x, const at::Tensor& wrong, int64_t step) const {
    if (!options_.on_sphere) return at_x.images;
    const at::Tensor flat = at_x.flat.logical_and(wrong.logical_not()).nonzero().squeeze(1);
    if (flat.size(0) == 0) return at_x.images;
    at::Tensor clean = rows.clean, ids = rows.ids;
    keep_rows(flat, {&clean, &ids});
    const Stream stream = victim_.draws({rows.turn, 0, static_cast<uint32_t>(step)});
    return at_x.images.index_copy(0, flat, normal_noise(clean, ids, stream, Use::direction));
  }

  /// After a step: smaller where the image is wrong.
  at::Tensor radius(const Rows& rows, const Victim::Gradient& at_x, const at::Tensor& wrong, double gamma) const {
    if (options_.on_sphere) return rows.radius * at::where(wrong, 1 - gamma, 1 + gamma);
    return norm_ == Norm::l0 ? whole_radius(rows, wrong, gamma) : guessed_radius(rows, at_x, wrong, gamma);
  }

  /// Nothing is known at first but how far the boundary seems; later the radius comes down to it and swings around.
  at::Tensor guessed_radius(const Rows& rows, const Victim::Gradient& at_x, const at::Tensor& wrong,
                            double gamma) const {
    const at::Tensor boundary = sizes_of(rows.x - rows.clean, norm_) + to_boundary(at_x, norm_);
    const at::Tensor wider =
        at::where(rows.known.isfinite(), rows.radius * (1 + gamma), boundary * (1 + options_.overshoot));
    return at::where(wrong, at::minimum(rows.radius * (1 - gamma), rows.known), wider);
  }

  /// A whole number of pixel values, one at least; nothing tells how far the boundary is.
  at::Tensor whole_radius(const Rows& rows, const at::Tensor& wrong, double gamma) const {
    const at::Tensor smaller = at::minimum(rows.radius - 1, (rows.radius * (1 - gamma)).floor());
    const at::Tensor larger = at::maximum(rows.radius + 1, (rows.radius * (1 + gamma)).floor());
    return at::where(wrong, at::minimum(smaller, rows.known), larger).clamp_min(1);
  }

  at::Tensor onto_border(const at::Tensor& change, const at::Tensor& radius) const {
    if (!options_.on_sphere) return onto_balls(change, norm_, radius);
    const at::Tensor size = sizes_of(change, norm_);
    return change * per_image(at::where(size.gt(0), radius / size, 1.0).to(change.scalar_type()), change);
  }

  Victim& victim_;
  EveryDraw every_;
  const NormSearchOptions& options_;
  Norm norm_;
  Nearest& nearest_;
};

}  // namespace

void NormSearchOptions::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "gradient steps");
  bind_targets(table, &targets);
  table.number("step_size", &step_size, 1e-6, 1e4, "L2 length",
               "of the first step; the last has a hundredth of it, along half a cosine");
  table.number("gamma", &gamma, 0, 0.99, "share of the radius", "by which it changes after each step");
  NearestOptions::bind(table);
  path.bind(table);
}

void norm_search(Victim& victim, const NormSearchOptions& options, Norm norm, Nearest& nearest) {
  search_towards(nearest, options.targets, [&](Searched rows) {
    NormSearch(victim, options, norm, nearest).run({std::move(rows), {}, {}, {}, {}});
  });
}

}  // namespace aigis
