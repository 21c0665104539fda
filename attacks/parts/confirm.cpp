#include "attacks/parts/confirm.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/zeros_like.h>

#include "lib/eval/norm.h"

namespace aigis {
namespace {

constexpr int64_t kParts = 10;  ///< parts of the way back

}  // namespace

at::Tensor confirmed(Victim& victim, const at::Tensor& clean, const at::Tensor& found, const at::Tensor& ids,
                     const Goal& goal, const Constraint& constraint) {
  if (!victim.card().has_random_gates && !victim.card().rounds_gradients) return found;
  const uint32_t draws = draws_to_tell(victim.card().has_random_gates);
  at::Tensor part = at::full({clean.size(0)}, kParts, goal.labels.options());
  at::Tensor held = at::zeros_like(part);  // draws in a row, at this part of the way
  const auto on_the_way = [&](const at::Tensor& rows) {
    const at::Tensor from = clean.index_select(0, rows);
    const at::Tensor share = part.index_select(0, rows).to(clean.scalar_type()) / kParts;
    return from + (found.index_select(0, rows) - from) * per_image(share, from);
  };
  at::Tensor left = at::arange(clean.size(0), part.options());
  // Draws take turns: one that breaks the constraint is asked at once farther back, where it is likely to break it
  // again.
  for (uint32_t turn = 0; left.numel() > 0; ++turn) {
    const uint32_t draw = turn % draws;
    const Goal usual = goal.in_draw(draw);
    for (at::Tensor rows = left; rows.numel() > 0;) {
      const Output output = victim.aside(on_the_way(rows), ids.index_select(0, rows.cpu()), told_at(draw));
      const at::Tensor breaks = constraint.holds(output, usual.select(rows)).logical_not();
      rows = rows.index_select(0, breaks.nonzero().squeeze(1));
      part.index_add_(0, rows, at::full_like(rows, -1));
      held.index_fill_(0, rows, 0);
      rows = rows.index_select(0, part.index_select(0, rows).gt(0).nonzero().squeeze(1));
    }
    held += 1;
    left = part.gt(0).logical_and(held.lt(draws)).nonzero().squeeze(1);
  }
  return on_the_way(at::arange(clean.size(0), part.options()));
}

}  // namespace aigis
