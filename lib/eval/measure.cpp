#include "lib/eval/measure.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros_like.h>

#include <utility>

#include "lib/core/progress.h"

namespace aigis {
namespace {

PassTally counted(const Judgement& judgement, const Batch& batch, const ModelCard& card) {
  PassTally tally;
  tally.add(judgement, batch.labels, card);
  return tally;
}

std::vector<double> numbers_in(const at::Tensor& margins) {
  return {margins.const_data_ptr<double>(), margins.const_data_ptr<double>() + margins.numel()};
}

/// In how many draws images are right along gates that others took: `open` is [draws, N, L].
std::vector<int64_t> hits_along(Model& target, const at::Tensor& images, const Batch& batch, const at::Tensor& open,
                                uint64_t seed, Purpose draws) {
  const at::NoGradGuard no_grad;
  at::Tensor hits = at::zeros_like(batch.labels);
  for (int64_t draw = 0; draw < open.size(0); ++draw) {
    const Stream noise{seed, draws, 0, static_cast<uint32_t>(draw), 0};
    Pass pass{noise, batch.ids};
    pass.graph = open[draw].to(images.device(), images.scalar_type());
    hits = hits + answers_of(target.forward(images, pass).logits).eq(batch.labels);
  }
  return listed(hits.cpu());
}

}  // namespace

CleanPass measure_clean(Model& target, const Batch& batch, uint64_t seed, Purpose draws) {
  CleanPass clean;
  clean.draws = draws;
  clean.judgement = judge_clean(target, batch, seed, draws);
  clean.tally = counted(clean.judgement, batch, target.card());
  if (target.card().has_random_gates) {
    const Purpose others = draws == Purpose::verdict_gates ? Purpose::redraw_gates : Purpose::verdict_gates;
    const Judgement redrawn = judge_clean(target, batch, seed, others);
    clean.redraw_flipped = count_flips(clean.judgement.open, redrawn.open);
  }
  return clean;
}

Cell measure_cell(Model& target, const Batch& batch, const CleanPass& clean, const at::Tensor& proposed,
                  const at::Tensor& wanted, Norm norm, double epsilon, uint64_t seed, const Besides& besides) {
  const auto judged = [&](const at::Tensor& images) { return judge(target, images, batch, seed, clean.draws); };
  const Stopwatch watch;
  const Admitted admitted = admit(batch.images, proposed, norm, epsilon);
  const Judgement after = at::equal(admitted.images, batch.images) ? clean.judgement : judged(admitted.images);
  const int64_t draws = target.card().draws;
  Cell cell{{}, admitted.images, after.hits, draws - after.hits, watch.seconds()};
  cell.tally.add_sizes(admitted);
  cell.tally.pass = counted(after, batch, target.card());
  cell.tally.hits = listed(after.hits);
  cell.tally.flipped = count_flips(clean.judgement.open, after.open);
  cell.tally.add_kept(after.answers.eq(clean.judgement.answers).sum(0), draws);
  if (wanted.defined()) {
    cell.wins = after.answers.eq(wanted.cpu()).sum(0);
    // What an image of the target's class is taken for says nothing of the attack.
    cell.tally.add_on_target(cell.wins.masked_select(wanted.cpu().ne(batch.labels.cpu())), draws);
  }
  if (besides.swap && after.open.defined() && after.open.equal(clean.judgement.open)) {
    // Nothing to swap. And gates=scaled, whose gates are all open but weighed, cannot be replayed by a graph.
    cell.tally.clean_on_adversarial = listed(clean.judgement.hits);
    cell.tally.adversarial_on_clean = listed(after.hits);
  } else if (besides.swap && after.open.defined()) {
    cell.tally.clean_on_adversarial = hits_along(target, batch.images, batch, after.open, seed, clean.draws);
    cell.tally.adversarial_on_clean =
        hits_along(target, admitted.images, batch, clean.judgement.open, seed, clean.draws);
  }
  // Images that are on the 8-bit grid already keep their verdict; others are judged again.
  const at::Tensor rounded = quantized(batch.images, admitted.images);
  const double moved = rounded.numel() == 0 ? 0 : (rounded - admitted.images).abs().max().item<double>();
  const bool on_grid = besides.bytes ? moved == 0 : moved < kOnGrid;
  const Judgement in_bytes = on_grid ? after : judged(rounded);
  PassTally quantized_pass = counted(in_bytes, batch, target.card());
  cell.tally.quantized = quantized_pass.accuracy;
  cell.tally.quantized_near_ties = quantized_pass.near_ties;
  cell.tally.quantized_hits = listed(in_bytes.hits);
  cell.tally.margins = numbers_in((besides.bytes ? in_bytes : after).margins.slice(0, 0, besides.margins));
  if (besides.bytes) cell.tally.quantized_opened = std::move(quantized_pass.opened);
  return cell;
}

}  // namespace aigis
