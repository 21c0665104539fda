#include "attacks/parts/nearest.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

#include <limits>

namespace aigis {

Nearest::Nearest(Victim& victim, const Batch& batch, Norm norm, double enough)
    : batch_(batch), norm_(norm), enough_(enough), is_final_(victim.is_final()), images_(batch.images.clone()),
      distance_(at::full({batch.images.size(0)}, std::numeric_limits<double>::infinity(),
                         at::TensorOptions(at::kDouble).device(batch.images.device()))),
      logits_(victim.forward(batch.images, batch.ids, {}).logits) {
  distance_.masked_fill_(logits_.argmax(1).ne(batch.labels), 0);  // its own nearest adversarial image
}

Searched Nearest::searched() const {
  const at::Tensor open = distance_.gt(std::max(enough_, 0.0)).nonzero().squeeze(1);
  const at::Tensor everyone = at::arange(batch_.labels.size(0), batch_.labels.options());
  Searched all{everyone, at::ones_like(everyone, at::TensorOptions(at::kBool)), batch_.images, batch_.ids,
               batch_.labels};
  all.keep(open);
  return all;
}

void Nearest::offer(const Searched& rows, const at::Tensor& x, const at::Tensor& wrong) {
  const at::Tensor size = sizes_of(x - rows.clean, norm_);
  const at::Tensor chosen = wrong.logical_and(size.le(distance(rows))).nonzero().squeeze(1);
  const at::Tensor places = rows.places.index_select(0, chosen);
  images_.index_copy_(0, places, x.index_select(0, chosen));
  distance_.index_copy_(0, places, size.index_select(0, chosen));
}

at::Tensor Nearest::kept(Searched& rows, Shrinking& shrinking) const {
  if (enough_ < 0) return {};
  rows.alive = distance(rows).gt(enough_);
  return shrinking.kept(rows.alive);
}

std::vector<at::Tensor> Nearest::within_each(at::ArrayRef<double> epsilons) const {
  constexpr double kRounding = 1 + 1e-6;
  std::vector<at::Tensor> candidates;
  for (const double epsilon : epsilons) {
    const at::Tensor projected = within(batch_.images, images_, norm_, epsilon);
    const at::Tensor near = per_image(distance_.le(epsilon * kRounding), projected);
    candidates.push_back(is_final_ ? at::where(near, projected, batch_.images) : projected);
  }
  return candidates;
}

double least_budget(at::ArrayRef<double> epsilons) {
  double least = -1;
  for (const double epsilon : epsilons) {
    if (epsilon > 0 && (least < 0 || epsilon < least)) least = epsilon;
  }
  return least;
}

}  // namespace aigis
