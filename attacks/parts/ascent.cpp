#include "attacks/parts/ascent.h"

#include <ATen/ops/full.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "attacks/parts/ascent_run.h"

namespace aigis {

at::Tensor ascend(Victim& victim, const Batch& batch, const AscentOptions& options, Norm norm, double epsilon) {
  if (batch.images.size(0) == 0) return batch.images.clone();
  return ascend(victim, batch, goal_of(options.objective, victim, batch), options, norm, epsilon);
}

at::Tensor ascend(Victim& victim, const Batch& batch, const Goal& goal, const AscentOptions& options, Norm norm,
                  double epsilon) {
  at::Tensor result = batch.images.clone();
  const int64_t count = batch.images.size(0);
  if (count == 0) return result;
  AscentRows rows;
  rows.take_all(batch);
  rows.goal = goal;
  if (options.restarts == 1) {
    run_ascent(victim, options, norm, epsilon, 0, rows, result);
    return result;
  }
  // After each run those that are broken leave, if that is final. A broken image comes before one that stands, whatever
  // their losses; among either, the greater loss counts.
  const LossKind kind = possible_loss(options.objective, victim.card().classes);
  const auto steps = static_cast<uint32_t>(options.steps);
  at::Tensor best_loss = at::full({count}, -1e30, batch.images.options());
  at::Tensor was_broken = at::zeros_like(batch.labels, at::TensorOptions(at::kBool));
  for (uint32_t restart = 0; restart < static_cast<uint32_t>(options.restarts) && rows.places.size(0) > 0; ++restart) {
    at::Tensor found = batch.images.clone();
    run_ascent(victim, options, norm, epsilon, restart, rows, found);
    const at::Tensor tried = found.index_select(0, rows.places);
    const at::Tensor logits = victim.forward(tried, rows.ids, {restart, free_draw(options), steps}).logits;
    const at::Tensor loss = loss_value(kind, logits, rows.goal), broken = rows.goal.reached(logits);
    const at::Tensor better = at::where(broken.eq(was_broken.index_select(0, rows.places)),
                                        loss.gt(best_loss.index_select(0, rows.places)), broken);
    put_rows(result, rows.places, better, tried);
    put_rows(best_loss, rows.places, better, loss);
    put_rows(was_broken, rows.places, better, broken);
    if (options.stop && victim.is_final()) rows.keep(broken.logical_not().nonzero().squeeze(1));
  }
  return result;
}

}  // namespace aigis
