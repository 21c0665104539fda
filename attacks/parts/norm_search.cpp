#include "attacks/parts/norm_search.h"

#include <ATen/ops/full_like.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace aigis {
namespace {

struct Rows : Searched {
  at::Tensor x;
  at::Tensor radius, farthest;  ///< [n] float64; of the ball, and of the box's farthest corner

  void keep(const at::Tensor& rows) {
    Searched::keep(rows);
    keep_rows(rows, {&x, &radius, &farthest});
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

}  // namespace

void NormSearchOptions::bind(OptionTable& table) {
  table.integer("steps", &steps, 1, 100'000, "gradient steps");
  table.number("step_size", &step_size, 1e-6, 1e4, "L2 length",
               "of the first step; the last has a hundredth of it, along half a cosine");
  table.number("gamma", &gamma, 0, 0.99, "share of the radius", "by which it changes after each step");
  NearestOptions::bind(table);
  path.bind(table);
}

void norm_search(Victim& victim, const NormSearchOptions& options, Norm norm, Nearest& nearest) {
  Rows rows{nearest.searched(), {}, {}, {}};
  if (rows.places.size(0) == 0) return;
  rows.x = rows.clean;
  rows.farthest = sizes_of(at::maximum(rows.clean, 1 - rows.clean), norm);
  const double first = norm == Norm::l0 ? 1 : std::numeric_limits<double>::infinity();
  rows.radius = at::full_like(rows.farthest, options.radius > 0 ? options.radius : first);
  const EveryDraw every(victim, options.draws);
  Shrinking shrinking;
  at::Tensor at_rest;  // [n] bool, by the last step
  for (int64_t step = 0; step < options.steps && rows.x.size(0) > 0; ++step) {
    const double progress = static_cast<double>(step) / static_cast<double>(options.steps);
    const double length = annealed(options.step_size, options.step_size / 100, progress);
    const double gamma = annealed(options.gamma, options.last_gamma, progress);
    const Goal all{rows.labels, {}, {}};
    const auto loss = [&](const at::Tensor& some) -> Loss {
      return [&options, goal = some.defined() ? all.select(some) : all](const Output& output) -> Losses {
        return {loss_value(options.loss, output.logits, goal), goal.lost(output.logits)};
      };
    };
    const Position position{0, 0, static_cast<uint32_t>(step)};
    Victim::Gradient at_x = every.gradient(rows.at(rows.x), loss, position, options.path);
    at::Tensor wrong = every.lost(at_x.logits, rows.labels);
    nearest.offer(rows, rows.x, wrong);
    if (const at::Tensor kept = nearest.kept(rows, shrinking, at_rest); kept.defined()) {
      rows.keep(kept);
      keep_rows(kept, {&at_x.images, &at_x.losses, &at_x.flat, &wrong});
      if (rows.x.size(0) == 0) return;
    }
    const at::Tensor change = rows.x - rows.clean, known = nearest.distance(rows);
    if (options.on_sphere) {
      rows.radius = rows.radius * at::where(wrong, 1 - gamma, 1 + gamma);
    } else if (norm == Norm::l0) {
      // A whole number of pixel values, one at least; nothing tells how far the boundary is.
      const at::Tensor fewer = at::minimum(at::minimum(rows.radius - 1, (rows.radius * (1 - gamma)).floor()), known);
      const at::Tensor more = at::maximum(rows.radius + 1, (rows.radius * (1 + gamma)).floor());
      rows.radius = at::where(wrong, fewer, more).clamp_min(1);
    } else {
      // Nothing is known at first but how far the boundary seems; later the radius comes down to it and swings around.
      const at::Tensor guess = (sizes_of(change, norm) + to_boundary(at_x, norm)) * (1 + options.overshoot);
      const at::Tensor wider = at::where(known.isfinite(), rows.radius * (1 + gamma), guess);
      rows.radius = at::where(wrong, at::minimum(rows.radius * (1 - gamma), known), wider);
    }
    rows.radius = at::minimum(rows.radius, rows.farthest);
    at::Tensor moved = change + steepest(at_x.images, Norm::l2) * length;
    if (options.on_sphere) {
      const at::Tensor size = sizes_of(moved, norm);
      moved = moved * per_image(at::where(size.gt(0), rows.radius / size, 1.0).to(moved.scalar_type()), moved);
    } else {
      moved = onto_balls(moved, norm, rows.radius);
    }
    const at::Tensor before = rows.x;
    rows.x = (rows.clean + moved).clamp(0, 1);
    // Without a gradient only the radius moves an image that is right, and it never shrinks: once in vain is for ever.
    at_rest = at_x.flat.logical_and(wrong.logical_not()).logical_and(rows.x.eq(before).flatten(1).all(1));
  }
}

}  // namespace aigis
