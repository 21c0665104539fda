#include "attacks/noise.h"

#include <ATen/ops/add.h>
#include <ATen/ops/where.h>

#include <cmath>

#include "attacks/parts/objective.h"
#include "attacks/parts/random.h"

namespace aigis {

void NoiseOptions::bind(OptionTable& table) {
  table.choice<Kind>("kind", &kind, {{"uniform", Kind::uniform}, {"gaussian", Kind::gaussian}, {"sign", Kind::sign}},
                     "uniform in the ball, normal, or a random corner");
  table.integer("best_of", &best_of, 1, 1'000'000, "noises tried; above 1 the model is asked which is worst for it");
}

/// For a budget of 1; in Linf normal noise may reach beyond.
at::Tensor Noise::noise(const Batch& batch, const Stream& stream, Norm norm) const {
  using Kind = NoiseOptions::Kind;
  const at::Tensor& clean = batch.images;
  if (options_.kind == Kind::uniform) return ball_noise(clean, batch.ids, stream, norm, Use::start);
  if (options_.kind == Kind::sign) return corner_noise(clean, batch.ids, stream, norm, Use::start);
  const at::Tensor normal = normal_noise(clean, batch.ids, stream, Use::start);
  if (norm == Norm::linf || clean.numel() == 0) return normal;
  return normal / per_image(sizes_of(normal, norm).to(normal.scalar_type()), normal);
}

std::vector<at::Tensor> Noise::propose(Victim& victim, const Batch& batch, Norm norm,
                                       at::ArrayRef<double> epsilons) const {
  std::vector<at::Tensor> candidates, margins;
  for (uint32_t restart = 0; restart < static_cast<uint32_t>(options_.best_of); ++restart) {
    const at::Tensor of_one = noise(batch, victim.draws({restart, 0, 0}), norm);
    for (size_t e = 0; e < epsilons.size(); ++e) {
      const at::Tensor tried = within(batch.images, at::add(batch.images, of_one, epsilons[e]), norm, epsilons[e]);
      if (options_.best_of == 1 || batch.images.size(0) == 0) {
        if (restart == 0) candidates.push_back(tried);
        continue;
      }
      const at::Tensor logits = victim.forward(tried, batch.ids, {restart, 0, 0}).logits;
      const at::Tensor margin = loss_value(LossKind::margin, logits, {batch.labels, {}, {}});
      if (restart == 0) {
        candidates.push_back(tried);
        margins.push_back(margin);
        continue;
      }
      const at::Tensor better = margin.gt(margins[e]);
      candidates[e] = at::where(better.view({-1, 1, 1, 1}), tried, candidates[e]);
      margins[e] = at::where(better, margin, margins[e]);
    }
  }
  return candidates;
}

}  // namespace aigis
