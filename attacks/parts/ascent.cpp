#include "attacks/parts/ascent.h"

#include <limits>

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
  // After each run those that are broken leave, if that is final.
  const auto steps = static_cast<uint32_t>(options.steps);
  Worth best = nothing_worth(options.objective, batch.images, -std::numeric_limits<double>::infinity());
  for (uint32_t restart = 0; restart < static_cast<uint32_t>(options.restarts) && rows.places.size(0) > 0; ++restart) {
    at::Tensor found = batch.images.clone();
    run_ascent(victim, options, norm, epsilon, restart, rows, found);
    const at::Tensor tried = found.index_select(0, rows.places);
    const Seen seen = look(victim, tried, rows.ids, rows.goal, options.objective, {restart, free_draw(options), steps},
                           /*with_worth=*/true);
    const at::Tensor better = seen.worth.exceeds(best.select(rows.places));
    put_rows(result, rows.places, better, tried);
    best.put(rows.places, better, seen.worth);
    if (options.stop && victim.is_final()) rows.keep(rows.goal.reached(seen.logits).logical_not().nonzero().squeeze(1));
  }
  return result;
}

}  // namespace aigis
