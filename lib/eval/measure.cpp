#include "lib/eval/measure.h"

#include <ATen/ops/equal.h>

namespace aigis {
namespace {

PassTally counted(const Judgement& judgement, const Batch& batch, const ModelCard& card) {
  PassTally tally;
  tally.add(judgement, batch.labels, card.classes, card.draws);
  return tally;
}

}  // namespace

CleanPass measure_clean(Model& target, const Batch& batch, uint64_t seed) {
  CleanPass clean;
  clean.judgement = judge(target, batch.images, batch, seed, Purpose::verdict_gates);
  clean.tally = counted(clean.judgement, batch, target.card());
  if (target.card().has_random_gates) {
    const Judgement redrawn = judge(target, batch.images, batch, seed, Purpose::redraw_gates);
    clean.redraw_flipped = count_flips(clean.judgement.open, redrawn.open);
  }
  return clean;
}

Cell measure_cell(Model& target, const Batch& batch, const CleanPass& clean, const at::Tensor& proposed,
                  const at::Tensor& wanted, Norm norm, double epsilon, uint64_t seed) {
  const auto judged = [&](const at::Tensor& images) {
    return judge(target, images, batch, seed, Purpose::verdict_gates);
  };
  const Admitted admitted = admit(batch.images, proposed, norm, epsilon);
  const Judgement after = at::equal(admitted.images, batch.images) ? clean.judgement : judged(admitted.images);
  const int64_t draws = target.card().draws;
  Cell cell{{}, admitted.images, after.hits, draws - after.hits};
  cell.tally.add_sizes(admitted);
  cell.tally.pass = counted(after, batch, target.card());
  cell.tally.hits = {after.hits.const_data_ptr<int64_t>(), after.hits.const_data_ptr<int64_t>() + after.hits.numel()};
  cell.tally.flipped = count_flips(clean.judgement.open, after.open);
  cell.tally.add_kept(after.answers.eq(clean.judgement.answers).sum(0), draws);
  if (wanted.defined()) {
    cell.wins = after.answers.eq(wanted.cpu()).sum(0);
    cell.tally.add_on_target(cell.wins, draws);
  }
  // Images that are on the 8-bit grid already keep their verdict; others are judged again.
  const at::Tensor rounded = quantized(batch.images, admitted.images);
  const bool on_grid = rounded.numel() == 0 || (rounded - admitted.images).abs().max().item<double>() < kOnGrid;
  cell.tally.quantized = on_grid ? cell.tally.pass.accuracy : counted(judged(rounded), batch, target.card()).accuracy;
  return cell;
}

}  // namespace aigis
