#include "attacks/deepfool.h"

#include <ATen/ops/zeros_like.h>

#include "attacks/parts/slopes.h"

namespace aigis {
namespace {

constexpr double kTiny = 1e-8;  ///< keeps distances finite where a gradient is zero, as in foolbox

struct Rows : Searched {
  at::Tensor classes;   ///< [n, k] those that are looked at
  at::Tensor x, total;  ///< the iterate, and all steps so far

  void keep(const at::Tensor& rows) {
    Searched::keep(rows);
    keep_rows(rows, {&classes, &x, &total});
  }
};

/// The step to the nearest of the boundaries: differences [n, k], gradients [n, k, C, H, W].
at::Tensor step_to_nearest(const at::Tensor& differences, const at::Tensor& gradients, Norm norm, double nudge) {
  const at::Tensor flat = gradients.flatten(2), slope = slopes_of(gradients, norm);
  const at::Tensor distances = differences.abs() / (slope + kTiny), nearest = distances.argmin(1, /*keepdim=*/true);
  const at::Tensor distance = distances.gather(1, nearest) + nudge;
  const at::Tensor gradient = flat.gather(1, nearest.unsqueeze(2).expand({flat.size(0), 1, flat.size(2)})).squeeze(1);
  const at::Tensor unit = norm == Norm::linf ? gradient.sign() : gradient / (slope.gather(1, nearest) + kTiny);
  const auto sizes = gradients.sizes();
  return (distance * unit).view({sizes[0], sizes[2], sizes[3], sizes[4]});
}

}  // namespace

void DeepFool::Options::bind(OptionTable& table) {
  table.presets("preset", &preset, {{"foolbox", "nudge=1e-4"}});
  table.integer("steps", &steps, 1, 100'000, "steps");
  bind_classes(table, &classes);
  table.number("overshoot", &overshoot, 0, 10, "share of the perturbation", "by which it goes beyond the boundary");
  table.number("nudge", &nudge, 1e-9, 1, "length in the norm", "by which each step goes beyond the boundary besides");
  bind_draws(table);  // `stop` stays: it goes no further than to the first adversarial image
  path.bind(table);
}

void DeepFool::search(Victim& victim, const Options& options, Norm norm, Nearest& nearest) {
  Rows rows{nearest.searched(), {}, {}, {}};
  if (rows.places.size(0) == 0) return;
  const int64_t count = wrong_classes(options.classes, victim.card().classes);
  rows.classes = likeliest_wrong(nearest.clean_logits(rows), rows.labels).slice(1, 0, count).contiguous();
  rows.x = rows.clean;
  rows.total = at::zeros_like(rows.clean);
  const EveryDraw every(victim, options.draws);
  for (int64_t step = 0; step <= options.steps && rows.x.size(0) > 0; ++step) {
    const Position position{0, 0, static_cast<uint32_t>(step)};
    if (step == options.steps) {  // the last iterate is only looked at
      nearest.offer(rows, rows.x, every.wrong(rows.at(rows.x), position));
      return;
    }
    const Victim::Gradients at_x = every.gradients(rows.at(rows.x), rows.classes, position, options.path);
    const at::Tensor wrong = every.lost(at_x.logits, rows.labels);
    nearest.offer(rows, rows.x, wrong);
    const at::Tensor change = step_to_nearest(at_x.differences, at_x.images, norm, options.nudge);
    rows.total = rows.total + change;
    // A wrong image has arrived: it is as near as DeepFool brings it. And a step depends on nothing but the iterate,
    // unless gates draw: one that led nowhere always will.
    at::Tensor going = wrong.logical_not();
    if (!victim.card().has_random_gates) going = going.logical_and(change.flatten(1).any(1));
    rows.keep(going.nonzero().squeeze(1));
    rows.x = (rows.clean + rows.total * (1 + options.overshoot)).clamp(0, 1);
  }
}

}  // namespace aigis
