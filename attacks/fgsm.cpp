#include "attacks/fgsm.h"

#include <ATen/ops/add.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

namespace aigis {
namespace {

/// The change that raises a linear function most within the L1 ball and the box: each pixel value's room, steepest
/// first.
at::Tensor steepest_first(const at::Tensor& images, const at::Tensor& gradient, double epsilon) {
  const at::Tensor room = at::where(gradient.gt(0), 1 - images, images).masked_fill(gradient.eq(0), 0).flatten(1);
  const at::Tensor order = gradient.flatten(1).abs().argsort(/*stable=*/true, 1, /*descending=*/true);
  const at::Tensor rooms = room.gather(1, order);
  const at::Tensor left = (epsilon - (rooms.cumsum(1) - rooms)).clamp_min(0);
  const at::Tensor lengths = at::zeros_like(room).scatter(1, order, at::minimum(rooms, left));
  return lengths.view(images.sizes()) * gradient.sign();
}

}  // namespace

std::vector<at::Tensor> Fgsm::propose(Victim& victim, const Batch& batch, Norm norm,
                                      at::ArrayRef<double> epsilons) const {
  const Goal goal = goal_of(options_, victim, batch);
  const at::Tensor gradient = ascent_direction(victim, batch.images, batch.ids, goal, options_, {}).images;
  const at::Tensor direction = norm == Norm::l1 ? gradient : steepest(gradient, norm);
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) {
    candidates.push_back(norm == Norm::l1 && batch.images.numel() > 0
                             ? (batch.images + steepest_first(batch.images, gradient, epsilon)).clamp_(0, 1)
                             : at::add(batch.images, direction, epsilon).clamp_(0, 1));
  }
  return candidates;
}

}  // namespace aigis
